import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import nodePath from "node:path";
import { describe, expect, test } from "vitest";
import {
  defaultShell,
  findShell,
  parsePowerShellCall,
  parseShellCall,
  shellArgv,
  shellKindOf,
  type ShellLookups,
  systemShellLookups,
} from "./index.ts";

function lookups(
  overrides: Partial<ShellLookups> & { readonly files?: readonly string[] },
): ShellLookups {
  const { files = [], ...rest } = overrides;
  return {
    platform: "linux",
    loginShell: null,
    searchPath: "/usr/bin:/bin",
    isFile: async (path) => files.includes(path),
    ...rest,
  };
}

describe("shellKindOf", () => {
  test.each([
    ["bash", "bash"],
    ["/bin/zsh", "zsh"],
    ["sh", "sh"],
    ["C:\\Program Files\\PowerShell\\7\\pwsh.exe", "powershell"],
    ["powershell", "powershell"],
    ["cmd.exe", "cmd"],
    ["bash.exe", "bash"],
    ["fish", null],
    ["bashful", null],
    ["BASH", null],
    [".bash", null],
    ["", null],
  ])("%s is %s", (program, kind) => {
    expect(shellKindOf(program)).toBe(kind);
  });
});

describe("defaultShell", () => {
  const files = ["/bin/bash", "/usr/bin/bash", "/usr/bin/zsh", "/bin/zsh"];

  test("the login shell is taken when its kind is known", async () => {
    expect(await defaultShell(lookups({ files, loginShell: "/bin/zsh" }))).toEqual({
      kind: "zsh",
      path: "/bin/zsh",
    });
  });

  test("fish falls back to bash on Linux and to zsh on macOS", async () => {
    const loginShell = "/usr/bin/fish";
    expect(await defaultShell(lookups({ files, loginShell }))).toEqual({
      kind: "bash",
      path: "/usr/bin/bash",
    });
    expect(await defaultShell(lookups({ files, loginShell, platform: "darwin" }))).toEqual({
      kind: "zsh",
      path: "/usr/bin/zsh",
    });
  });

  test("the second usual shell is taken where the first is missing", async () => {
    expect(await defaultShell(lookups({ files: ["/bin/zsh"] }))).toEqual({
      kind: "zsh",
      path: "/bin/zsh",
    });
  });

  test("a login shell that is gone does not count", async () => {
    const found = await defaultShell(lookups({ files, loginShell: "/opt/zsh/bin/zsh" }));
    expect(found).toEqual({ kind: "zsh", path: "/usr/bin/zsh" });
  });

  test("sh is the last resort", async () => {
    expect(await defaultShell(lookups({}))).toEqual({ kind: "sh", path: "/bin/sh" });
  });

  test("Windows takes pwsh, then powershell, then cmd, and no stub of its store", async () => {
    const stub = "C:\\Users\\kim\\AppData\\Local\\Microsoft\\WindowsApps";
    const searchPath = `${stub};C:\\ps7;C:\\ps5`;
    const windows = (...present: readonly string[]) =>
      defaultShell(lookups({ platform: "win32", searchPath, files: present }));
    expect(await windows(`${stub}\\pwsh.exe`, "C:\\ps7\\pwsh.exe")).toEqual({
      kind: "powershell",
      path: "C:\\ps7\\pwsh.exe",
    });
    expect(await windows(`${stub}\\pwsh.exe`, "C:\\ps5\\powershell.exe")).toEqual({
      kind: "powershell",
      path: "C:\\ps5\\powershell.exe",
    });
    expect(await windows(`${stub}\\pwsh.exe`)).toEqual({ kind: "cmd", path: "cmd.exe" });
  });
});

describe("findShell", () => {
  const files = ["/opt/bash", "/home/kim/bash", "/usr/bin/bash", "/bin/bash"];

  test("the preferred path, the login shell, the search path, the usual place", async () => {
    const all = lookups({ files, loginShell: "/home/kim/bash" });
    expect(await findShell("bash", all, "/opt/bash")).toEqual({ kind: "bash", path: "/opt/bash" });
    expect(await findShell("bash", all, "/opt/gone")).toEqual({
      kind: "bash",
      path: "/home/kim/bash",
    });
    expect(await findShell("bash", lookups({ files }))).toEqual({
      kind: "bash",
      path: "/usr/bin/bash",
    });
    expect(await findShell("bash", lookups({ files, searchPath: "" }))).toEqual({
      kind: "bash",
      path: "/bin/bash",
    });
    expect(await findShell("zsh", all)).toBeNull();
  });

  test("relative folders in the search path do not count", async () => {
    expect(await findShell("zsh", lookups({ files: ["bin/zsh"], searchPath: "bin" }))).toBeNull();
  });

  test("the system's lookups find a real shell and only files", async () => {
    const folder = await mkdtemp(nodePath.join(tmpdir(), "shell-command-"));
    try {
      const program = nodePath.join(folder, "zsh");
      await writeFile(program, "#!/bin/sh\n");
      await chmod(program, 0o755);
      await mkdir(nodePath.join(folder, "pwsh"));
      const system = { ...systemShellLookups({ PATH: folder }), loginShell: null };
      expect(system.searchPath).toBe(folder);
      expect(await findShell("zsh", system)).toEqual({ kind: "zsh", path: program });
      expect(await system.isFile(nodePath.join(folder, "pwsh"))).toBe(false);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("argvs of each kind, as a login shell and not", () => {
  const argv = (kind: Parameters<typeof shellArgv>[0]["kind"], login: boolean) =>
    shellArgv({ kind, path: "/p" }, "ls", { login });
  for (const kind of ["bash", "zsh", "sh"] as const) {
    expect(argv(kind, /*login*/ true)).toEqual(["/p", "-lc", "ls"]);
    expect(argv(kind, /*login*/ false)).toEqual(["/p", "-c", "ls"]);
  }
  expect(argv("powershell", /*login*/ true)).toEqual(["/p", "-Command", "ls"]);
  expect(argv("powershell", /*login*/ false)).toEqual(["/p", "-NoProfile", "-Command", "ls"]);
  expect(argv("cmd", /*login*/ true)).toEqual(["/p", "/c", "ls"]);
});

test("a shell call has exactly three words", () => {
  expect(parseShellCall(["/bin/bash", "-lc", "ls"])).toEqual({
    kind: "bash",
    program: "/bin/bash",
    flag: "-lc",
    script: "ls",
  });
  expect(parseShellCall(["zsh", "-c", ""])?.script).toBe("");
  for (const argv of [
    ["bash", "-lc"],
    ["bash", "-lc", "a", "b"],
    ["bash", "-x", "a"],
    ["fish", "-c", "a"],
  ]) {
    expect(parseShellCall(argv)).toBeNull();
  }
});

test("a PowerShell call has only harmless flags before its script", () => {
  expect(parsePowerShellCall(["pwsh", "-Command", "ls"])).toBe("ls");
  expect(parsePowerShellCall(["PowerShell.exe", "-NoLogo", "-noprofile", "-c", "ls"])).toBe("ls");
  for (const argv of [
    ["pwsh", "ls"],
    ["pwsh", "-Command"],
    ["pwsh", "-Command", "ls", "more"],
    ["pwsh", "-EncodedCommand", "bHM="],
    ["pwsh", "-ExecutionPolicy", "Bypass", "-Command", "ls"],
    ["bash", "-c", "ls"],
  ]) {
    expect(parsePowerShellCall(argv)).toBeNull();
  }
});
