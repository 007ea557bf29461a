import { expect, test } from "vitest";
import { scriptArgv } from "./shell-argument.ts";

test("PowerShell is told to print UTF-8, once", () => {
  const shell = { kind: "powershell", path: "pwsh" } as const;
  const first = scriptArgv(shell, "ls", /*login*/ false);
  const script = "[Console]::OutputEncoding=[System.Text.Encoding]::UTF8;\nls";
  expect(first).toEqual(["pwsh", "-NoProfile", "-Command", script]);
  expect(scriptArgv(shell, script, /*login*/ false)).toEqual(first);
});

test("other shells get the script as it is", () => {
  expect(scriptArgv({ kind: "zsh", path: "/bin/zsh" }, "ls", /*login*/ true)).toEqual([
    "/bin/zsh",
    "-lc",
    "ls",
  ]);
});
