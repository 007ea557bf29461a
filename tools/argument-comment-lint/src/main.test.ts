import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { type PlantedWorkspace, plantWorkspace } from "./testing/planted-workspace.ts";

const call = 'import { open } from "@demo/lib";\nopen(null, 3);\n';

/** Runs the runner in a workspace, as a person would. */
function lint(
  workspace: PlantedWorkspace,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "main.ts"), ...args],
    { cwd: workspace.root, encoding: "utf8", env: { ...process.env, ...env } },
  );
  return { status, stdout: stdout.replaceAll(workspace.root, "ROOT"), stderr };
}

test("tests are linted without being asked for, and each kind of file is counted", () => {
  using workspace = plantWorkspace({
    "packages/app/src/main.test.ts": call,
    "packages/app/bench/open.bench.ts": "export {};\n",
  });
  const { status, stdout, stderr } = lint(workspace);
  expect(stderr).toBe(
    "argument-comment-lint: 3 packages, 3 files (lib 1, tests 1, examples 0, benches 1, bins 0)\n",
  );
  expect(stdout).toContain("ROOT/packages/app/src/main.test.ts");
  expect(stdout).toContain("2 problems (2 errors, 0 warnings)");
  expect(status).toBe(1);
});

test("--lib leaves the tests out", () => {
  using workspace = plantWorkspace({ "packages/app/src/main.test.ts": call });
  expect(lint(workspace, ["--", "--lib"])).toEqual({
    status: 0,
    stdout: "",
    stderr: "argument-comment-lint: 3 packages, 1 files (lib 1)\n",
  });
});

test("--fix repairs lib, a second time nothing, and leaves the tests", () => {
  using workspace = plantWorkspace({
    "packages/app/src/main.ts": call,
    "packages/app/src/main.test.ts": call,
  });
  const read = (name: string): string =>
    readFileSync(join(workspace.root, "packages/app/src", name), "utf8");
  expect(lint(workspace, ["--fix", "-p", "app"]).status).toBe(0);
  const fixed = read("main.ts");
  expect(fixed).toBe('import { open } from "@demo/lib";\nopen(/*path*/ null, /*mode*/ 3);\n');
  expect(lint(workspace, ["--fix"]).status).toBe(0);
  expect([read("main.ts"), read("main.test.ts")]).toEqual([fixed, call]);
});

test("a test that no tsconfig covers is an error that names it", () => {
  using workspace = plantWorkspace({ "packages/app/src/main.test.ts": call });
  workspace.write(
    "tsconfig.json",
    JSON.stringify({ include: ["packages"], exclude: ["**/*.test.ts"] }),
  );
  const { status, stderr } = lint(workspace);
  expect(stderr).toContain("no tsconfig covers these files");
  expect(stderr).toContain("packages/app/src/main.test.ts");
  expect(status).toBe(2);
});

test("a tsconfig that cannot be read is an error that names it", () => {
  using workspace = plantWorkspace({ "tsconfig.json": '{ "extends": "./nothing.json" }' });
  const { status, stderr } = lint(workspace);
  expect(stderr).toMatch(/^Error: .*tsconfig\.json: .*nothing\.json/m);
  expect(status).toBe(2);
});

test("an unknown package is answered with those that there are", () => {
  using workspace = plantWorkspace();
  const { status, stderr } = lint(workspace, ["-p", "nothing"]);
  expect(stderr).toBe(
    "Error: there is no package nothing in this workspace; there are:\n  root\n  @demo/app\n  @demo/lib\n",
  );
  expect(status).toBe(2);
});

test("the environment can make findings warnings, or switch the lint off", () => {
  using workspace = plantWorkspace({ "packages/app/src/main.ts": call });
  const warned = lint(workspace, [], { ARGUMENT_COMMENT_LINT: "warn" });
  expect([warned.status, warned.stdout.includes("0 errors, 2 warnings")]).toEqual([0, true]);
  const off = lint(workspace, [], { ARGUMENT_COMMENT_LINT: "off" });
  expect([off.status, off.stdout]).toEqual([0, ""]);
});

test("what follows the separator reaches ESLint", () => {
  using workspace = plantWorkspace({ "packages/app/src/main.ts": call });
  const { stdout } = lint(workspace, ["--", "--format", "json"]);
  const results = JSON.parse(stdout) as { filePath: string; errorCount: number }[];
  expect(results.map(({ filePath, errorCount }) => [basename(filePath), errorCount])).toEqual([
    ["main.ts", 2],
    ["index.ts", 0],
  ]);
});

test("one tsconfig can be linted alone", () => {
  using workspace = plantWorkspace({ "packages/app/src/main.ts": call });
  const project = { extends: "../../tsconfig.json", include: ["src"] };
  workspace.write("packages/app/tsconfig.json", JSON.stringify(project));
  const { status, stderr } = lint(workspace, ["--project", "packages/app/tsconfig.json"]);
  expect(stderr).toContain("packages/app/tsconfig.json, 1 files");
  expect(status).toBe(1);
});
