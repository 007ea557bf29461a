import { expect, test } from "vitest";
import { commandLine } from "./command-line.ts";

test.each([
  [[], ["demo"]],
  [["--"], ["demo"]],
  [["fix the tests"], ["exec", "fix the tests"]],
  [
    ["--", "fix the tests"],
    ["exec", "fix the tests"],
  ],
  [["login"], ["login"]],
  [["--help"], ["--help"]],
  [
    ["exec", "fix the tests"],
    ["exec", "fix the tests"],
  ],
  [
    ["--", "exec", "--", "-x"],
    ["exec", "--", "-x"],
  ],
])("pnpm start %j runs codex-ts %j", (given, expected) => {
  expect(commandLine(given)).toEqual(expected);
});
