import { expect, test } from "vitest";
import { parseArguments, type RunnerArguments } from "./arguments.ts";

const all = ["lib", "tests", "examples", "benches", "bins"] as const;
const plain: RunnerArguments = {
  help: false,
  version: false,
  fix: false,
  workspace: false,
  packages: [],
  project: null,
  targets: all,
  testGlobs: [],
  forwarded: [],
};

test.each<readonly [rule: string, given: string, expected: Partial<RunnerArguments>]>([
  ["nothing means every package and all targets", "", {}],
  [
    "a package and a target after the separator",
    "-p hooks -- --tests",
    { packages: ["hooks"], targets: ["tests"] },
  ],
  ["targets narrow, also several", "-- --lib --bins", { targets: ["lib", "bins"] }],
  ["targets before the separator count too", "--lib", { targets: ["lib"] }],
  [
    "a fix reaches lib alone",
    "--fix -p hooks",
    { fix: true, packages: ["hooks"], targets: ["lib"] },
  ],
  ["a fix reaches what it is told to", "--fix -- --all-targets", { fix: true, targets: all }],
  [
    "a project stands for a workspace",
    "--project a.json --no-deps -- --bins",
    { project: "a.json", targets: ["bins"] },
  ],
  ["a project alone has all targets", "--project=a.json", { project: "a.json" }],
  ["packages can be repeated", "-p a --package=b --package c", { packages: ["a", "b", "c"] }],
  ["a glob narrows the tests", "-- --test x/*", { targets: ["tests"], testGlobs: ["x/*"] }],
  [
    "the rest after the separator is ESLint's, in order",
    "--workspace -- --format json --lib --max-warnings 0 -- x",
    {
      workspace: true,
      targets: ["lib"],
      forwarded: ["--format", "json", "--max-warnings", "0", "--", "x"],
    },
  ],
])("%s", (_rule, given, expected) => {
  expect(parseArguments(given.split(" ").filter(Boolean))).toEqual({ ...plain, ...expected });
});

test.each([
  ["--quiet", /unknown argument --quiet; what is meant for ESLint goes after --/],
  ["-p", /-p needs a value/],
  ["--project a.json -p b", /--project stands alone/],
])("%s is refused with the way out", (given, message) => {
  expect(() => parseArguments(given.split(" "))).toThrow(message);
});
