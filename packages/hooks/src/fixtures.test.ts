// The cases that the package ships, run by the program that it ships with them.
import { fileURLToPath } from "node:url";
import { runProcess } from "@codex-ts/test-support";
import { describe, expect, test } from "vitest";
import type { DialectName } from "./dialect.ts";
import { dialectNamed } from "./dialect.ts";
import type { HookRequest } from "./engine.ts";
import { type HookEventName, type HookInput, orderedInput } from "./events.ts";

interface FixtureCase {
  readonly name: string;
  readonly event: HookEventName;
  readonly dialect: DialectName;
  readonly input: HookRequest<HookEventName>;
  readonly stdin?: object;
}

const folder = new URL("../fixtures/", import.meta.url);
const { caseFiles, readCases } = (await import(new URL("run.mjs", folder).href)) as {
  readonly caseFiles: readonly string[];
  readonly readCases: (file: string) => readonly FixtureCase[];
};

const timeoutMs = 120_000;

function run(...args: readonly string[]) {
  const program = fileURLToPath(new URL("run.mjs", folder));
  return runProcess(
    [process.execPath, "--conditions=@codex-ts/source", "--no-warnings", program, ...args],
    { timeoutMs },
  );
}

test.each(caseFiles)(
  "every case of %s comes out as expected",
  { timeout: timeoutMs },
  async (file) => {
    const adapter = fileURLToPath(new URL("codex-ts.mjs", folder));
    const { code, stdout, stderr } = await run(adapter, file);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${readCases(file).length} passed, 0 failed\n`,
      stderr: "",
    });
  },
);

test("an implementation that differs is told how", async () => {
  const adapter = fileURLToPath(new URL("testing/wrong-adapter.mjs", import.meta.url));
  const { code, stdout } = await run(adapter, "stop.json");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^stop\.json: .*\n\{\n {2}"wanted": \{\n/);
  expect(stdout).toMatch(/\n0 passed, \d+ failed\n$/);
});

describe("the payload of another dialect is what its hooks are given", () => {
  const cases = caseFiles.flatMap(readCases).filter(({ dialect }) => dialect !== "codex");
  test.each(cases.map((each) => [each.dialect, each.name, each] as const))(
    "%s: %s",
    (_dialect, _name, { dialect, event, input, stdin }) => {
      const own = orderedInput({ ...input, cwd: ".", hook_event_name: event } as HookInput);
      const now = new Date("2026-01-01T00:00:00Z");
      expect(dialectNamed(dialect).encodeInput(own, now)).toEqual(stdin);
    },
  );
});
