import { expect, test } from "vitest";
import { runCommand } from "./run-command.ts";
import { runSteps } from "./run-steps.ts";
import { oneCheck } from "./step.ts";
import type { Step, StepContext } from "./step.ts";
import { UnknownStepError, allSteps, selectGroups } from "./steps.ts";

const context: StepContext = {
  root: "/",
  workspace: { root: "/", packages: [], byName: new Map(), tsconfigFile: undefined },
  scratch: "/",
  packed: () => Promise.resolve([]),
};

const step = (name: string, run: Step["run"]): Step => ({ name, title: name, run });

test("every step runs whatever failed before it, and the counts add up", async () => {
  const printed: string[] = [];
  const totals = await runSteps(
    [
      [
        step("one", () => Promise.resolve(oneCheck(/*ok*/ false, { output: "what is wrong\n" }))),
        step("two", () => Promise.reject(new Error("it broke"))),
      ],
      [step("three", () => Promise.resolve({ passed: 40, failed: 2 }))],
      [
        step("four", () =>
          Promise.resolve(oneCheck(/*ok*/ true, { note: "4 things", output: "" })),
        ),
      ],
    ],
    context,
    (text) => printed.push(text),
    () => 0,
  );
  expect(totals).toEqual({ passed: 41, failed: 4 });
  expect(printed).toEqual([
    "✘ one (0.0 s)",
    "what is wrong\n",
    "✘ two (0.0 s)",
    "it broke\n",
    "✘ three (0.0 s)",
    "✔ four: 4 things (0.0 s)",
  ]);
});

test("--only takes along what a step reads from the disk, in the order of the whole run", () => {
  const names = selectGroups(["consumer", "lint"]).map((group) => group.map(({ name }) => name));
  expect(names).toEqual([["lint"], ["typecheck"], ["build"], ["consumer"]]);
});

test("every step that another needs exists, and comes before it", () => {
  const names = allSteps.map(({ name }) => name);
  for (const [index, { needs = [] }] of allSteps.entries()) {
    for (const needed of needs) expect(names.slice(0, index)).toContain(needed);
  }
});

test("an unknown step is refused with the names of all", () => {
  expect(() => selectGroups(["lnit"])).toThrow(UnknownStepError);
  expect(() => selectGroups(["lnit"])).toThrow(/"lnit".* lint, /);
});

test("a command that cannot start is a result and no exception", async () => {
  const result = await runCommand(["/does/not/exist"], { cwd: "/" });
  expect(result).toEqual({
    exitCode: undefined,
    ok: false,
    stdout: "",
    output: "spawn /does/not/exist ENOENT\n",
  });
});

test("a command that outlives its time is killed", async () => {
  const result = await runCommand([process.execPath, "-e", "setInterval(() => {}, 1000)"], {
    cwd: "/",
    timeout: 200,
  });
  expect(result).toEqual({
    exitCode: undefined,
    ok: false,
    stdout: "",
    output: "ended by SIGKILL\n",
  });
});
