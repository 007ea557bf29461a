import { expect, test } from "vitest";
import { createHooks, type HooksOptions } from "./engine.ts";
import { functionHook } from "./handler.ts";
import type { HookRunSummary } from "@codex-ts/protocol";
import { requests } from "./testing/requests.ts";

function engine(handlers: HooksOptions["handlers"]) {
  return createHooks({ handlers });
}

const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

function entriesOf(runs: readonly HookRunSummary[]) {
  return runs.map(({ status, entries }) => [status, ...entries.map(({ text }) => text)]);
}

test("a function of the program is a hook like any other", async () => {
  const seen: unknown[] = [];
  const hooks = engine([
    functionHook("PreToolUse", {
      name: "guard",
      matcher: "^Bash$",
      run: async (input, { signal }) => {
        seen.push(input, signal.aborted);
        return { systemMessage: "looked", decision: "block", reason: "no" };
      },
    }),
  ]);
  const { runs, block } = await hooks.run("PreToolUse", requests.PreToolUse);
  expect(seen).toEqual([{ ...requests.PreToolUse, hook_event_name: "PreToolUse" }, false]);
  expect(block).toEqual({ reason: "no", runId: runs[0]?.id });
  expect(runs[0]).toMatchObject({
    id: expect.stringMatching(new RegExp(`^pre-tool-use:0:in-process:guard:${uuid}$`)),
    handler_type: "function",
    source_path: "in-process:guard",
    status: "blocked",
    entries: [
      { kind: "warning", text: "looked" },
      { kind: "feedback", text: "no" },
    ],
  });
});

test("a function that throws, hangs or answers nonsense is a failed run", async () => {
  let aborted = false;
  const hooks = engine([
    functionHook("PreToolUse", {
      name: "throws",
      run: () => {
        throw new Error("boom");
      },
    }),
    functionHook("PreToolUse", {
      name: "hangs",
      timeoutMs: 50,
      run: (_input, { signal }) =>
        new Promise<null>(() => signal.addEventListener("abort", () => (aborted = true))),
    }),
    functionHook("PreToolUse", { name: "nonsense", run: () => ({ decision: "maybe" }) as never }),
    functionHook("PreToolUse", { name: "nothing", run: () => {} }),
  ]);
  const { runs, block } = await hooks.run("PreToolUse", requests.PreToolUse);
  expect(block).toBeNull();
  expect(entriesOf(runs)).toEqual([
    ["failed", "boom"],
    ["failed", "the hook timed out after 0.05 seconds"],
    ["failed", expect.stringMatching(/^the PreToolUse hook's answer is invalid: decision: /)],
    ["completed"],
  ]);
  expect(aborted).toBe(true);
});

test("a function that is to fail closed refuses when it throws", async () => {
  const run = () => {
    throw new Error("no policy");
  };
  const hooks = engine([functionHook("PreToolUse", { name: "guard", failClosed: true, run })]);
  const { block } = await hooks.run("PreToolUse", requests.PreToolUse);
  expect(block?.reason).toBe("the hook failed, and it is set to block when it does: no policy");
});

test("an abort ends functions too, and an aborted call starts nothing", async () => {
  const controller = new AbortController();
  let calls = 0;
  const hooks = engine([
    functionHook("Stop", {
      name: "hangs",
      run: () => {
        calls += 1;
        controller.abort();
        return new Promise<null>(() => {});
      },
    }),
  ]);
  const first = await hooks.run("Stop", requests.Stop, { signal: controller.signal });
  expect(first).toMatchObject({ cancelled: true, block: null, runs: [{ status: "cancelled" }] });
  const second = await hooks.run("Stop", requests.Stop, { signal: controller.signal });
  expect({ second, calls }).toEqual({
    second: { runs: [], warnings: [], cancelled: true, stop: null, block: null },
    calls: 1,
  });
});

test("a function's matcher and timeout are checked when it is made", () => {
  const run = () => null;
  expect(() => functionHook("PreToolUse", { name: "x", matcher: "[", run })).toThrow(
    expect.objectContaining({ code: "bad_matcher" }),
  );
  expect(() => functionHook("PreToolUse", { name: "x", timeoutMs: 0, run })).toThrow(
    expect.objectContaining({ code: "bad_input" }),
  );
  expect(functionHook("Stop", { name: "x", matcher: "[", run }).matcher).toBeNull();
});
