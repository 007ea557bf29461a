import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isKnownSafeCommand, joinWords, lookingEnvironment, shellArgv } from "./index.ts";

const { safe, unsafe } = JSON.parse(
  readFileSync(new URL("../fixtures/known-safe.json", import.meta.url), "utf8"),
) as { readonly safe: readonly string[][]; readonly unsafe: readonly string[][] };

const linux = { platform: "linux" } as const;

test.each(safe.map((argv) => ({ argv, line: joinWords(argv) })))("safe: $line", ({ argv }) => {
  expect(isKnownSafeCommand(argv, linux)).toBe(true);
});

test.each(unsafe.map((argv) => ({ argv, line: joinWords(argv) })))(
  "not safe: $line",
  ({ argv }) => {
    expect(isKnownSafeCommand(argv, linux)).toBe(false);
  },
);

test("numfmt and tac are safe on Linux only", () => {
  for (const program of ["numfmt", "tac"]) {
    expect(isKnownSafeCommand([program, "f"], linux)).toBe(true);
    expect(isKnownSafeCommand([program, "f"], { platform: "darwin" })).toBe(false);
  }
});

test("the argv of a plain script is safe in every Unix shell, as a login shell or not", () => {
  for (const kind of ["bash", "zsh", "sh"] as const) {
    for (const login of [true, false]) {
      const argv = shellArgv({ kind, path: `/bin/${kind}` }, "ls -la", { login });
      expect(isKnownSafeCommand(argv, linux)).toBe(true);
    }
  }
});

test("no git command is safe in a repository that is not trusted", () => {
  const options = { ...linux, trustsRepository: () => false };
  expect(isKnownSafeCommand(["git", "status"], options)).toBe(false);
  expect(isKnownSafeCommand(["bash", "-lc", "ls && git status"], options)).toBe(false);
  expect(isKnownSafeCommand(["ls"], options)).toBe(true);
});

test("git is judged by the repository that it is run in, wherever the script goes", () => {
  const seen = (script: string): readonly string[] => {
    const folders: string[] = [];
    const trustsRepository = (folder: string) => folders.push(folder) > 0;
    expect(isKnownSafeCommand(["bash", "-lc", script], { ...linux, trustsRepository })).toBe(true);
    return folders;
  };
  expect(seen("git status")).toEqual(["."]);
  expect(seen("git -C a -C /b/c log && git -C a diff")).toEqual(["/b/c", "./a"]);
  // A `cd` may not have happened.
  expect(seen("cd a && cd b; git status")).toEqual([".", "./a", "./b", "./a/b"]);
  expect(seen("cd -- a | git -C .. status")).toEqual(["./..", "./a/.."]);
  expect(seen("bash -c 'cd a && git status'; git log")).toEqual([".", "./a", "."]);
});

test.each(["cd", "cd -", "cd ~", "cd -P a", "cd *", "cd a b"])(
  "after `%s` nothing is known of the folder, so git is not safe there",
  (change) => {
    expect(isKnownSafeCommand(["bash", "-lc", `${change}; ls`], linux)).toBe(true);
    expect(isKnownSafeCommand(["bash", "-lc", `${change}; git status`], linux)).toBe(false);
  },
);

test.each(["git -C ~/x status", "git -C * status", "git -C '' status", "git -C -x status"])(
  "git is not safe in a folder that is not named plainly: %s",
  (script) => {
    expect(isKnownSafeCommand(["bash", "-lc", script], linux)).toBe(false);
  },
);

test("what holds git to looking comes on top of the settings that the variables name already", () => {
  const env = {
    HOME: "/h",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "a.b",
    GIT_CONFIG_VALUE_0: "c",
  };
  expect(lookingEnvironment(env)).toEqual({
    ...env,
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_CONFIG_COUNT: "4",
    GIT_CONFIG_KEY_1: "core.fsmonitor",
    GIT_CONFIG_VALUE_1: "false",
    GIT_CONFIG_KEY_2: "diff.autoRefreshIndex",
    GIT_CONFIG_VALUE_2: "false",
    GIT_CONFIG_KEY_3: "log.showSignature",
    GIT_CONFIG_VALUE_3: "false",
  });
});

test("a program elsewhere is safe once it is trusted by its path", () => {
  const argv = ["/home/kim/.nix-profile/bin/bash", "-lc", "ls"];
  expect(isKnownSafeCommand(argv, linux)).toBe(false);
  const trustedPrograms = ["/home/kim/.nix-profile/bin/bash"];
  expect(isKnownSafeCommand(argv, { ...linux, trustedPrograms })).toBe(true);
});

test("on Windows names have no case and may carry their extension", () => {
  expect(isKnownSafeCommand(["Git.EXE", "status"], { platform: "win32" })).toBe(true);
  expect(isKnownSafeCommand(["Git.EXE", "status"], linux)).toBe(false);
  expect(isKnownSafeCommand(["C:\\work\\git.exe", "status"], { platform: "win32" })).toBe(false);
});
