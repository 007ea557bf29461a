import { expect, test } from "vitest";
import { canonicalArgv } from "./index.ts";

test("one plain command is its words, whatever the shell's path and the blanks", () => {
  expect(canonicalArgv(["/bin/bash", "-lc", "cargo  test"])).toEqual(["cargo", "test"]);
  expect(canonicalArgv(["bash", "-lc", "cargo test"])).toEqual(["cargo", "test"]);
  expect(canonicalArgv(["zsh", "-c", "'cargo test'\n"])).toEqual([
    "__codex_shell_script__",
    "-c",
    "'cargo test'\n",
  ]);
});

test("other scripts are told apart by flag and text, not by the shell", () => {
  const script = "cargo test && ls";
  expect(canonicalArgv(["/usr/bin/zsh", "-lc", script])).toEqual([
    "__codex_shell_script__",
    "-lc",
    script,
  ]);
});

test("PowerShell scripts are their text", () => {
  expect(canonicalArgv(["pwsh.exe", "-NoProfile", "-Command", "ls | rm"])).toEqual([
    "__codex_powershell_script__",
    "ls | rm",
  ]);
});

test("any other argv stays", () => {
  expect(canonicalArgv(["cargo", "test"])).toEqual(["cargo", "test"]);
  expect(canonicalArgv(["bash", "-x", "-lc", "ls"])).toEqual(["bash", "-x", "-lc", "ls"]);
});
