import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isKnownSafeCommand, joinWords, shellArgv } from "./index.ts";

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
  const options = { ...linux, trustsRepository: false };
  expect(isKnownSafeCommand(["git", "status"], options)).toBe(false);
  expect(isKnownSafeCommand(["bash", "-lc", "ls && git status"], options)).toBe(false);
  expect(isKnownSafeCommand(["ls"], options)).toBe(true);
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
