import { temporaryDirectory, waitFor } from "@codex-ts/test-support";
import { getEventListeners } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createHooks, defaultHookShell, type HooksOptions } from "./engine.ts";
import { type HookEventName, hookEventNames, hookPermissionMode } from "./events.ts";
import { functionHook } from "./handler.ts";
import type { HookRunSummary } from "@codex-ts/protocol";
import type { HookRunEvent } from "./run-summary.ts";
import { commandHandler, plainShell, requests } from "./testing/requests.ts";

function engine(handlers: HooksOptions["handlers"], options: Partial<HooksOptions> = {}) {
  return createHooks({ shell: plainShell, handlers, ...options });
}

const json = (value: unknown) => `printf %s '${JSON.stringify(value)}'`;

const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

function entriesOf(runs: readonly HookRunSummary[]) {
  return runs.map(({ status, entries }) => [status, ...entries.map(({ text }) => text)]);
}

test("an event without handlers comes to nothing", async () => {
  const facts = { runs: [], warnings: [], cancelled: false };
  const hooks = engine([]);
  expect(hooks.has("Stop")).toBe(false);
  expect(await hooks.run("SessionStart", requests.SessionStart)).toEqual({
    ...facts,
    stop: null,
    additionalContexts: [],
  });
  expect(await hooks.run("UserPromptSubmit", requests.UserPromptSubmit)).toEqual({
    ...facts,
    stop: null,
    additionalContexts: [],
  });
  expect(await hooks.run("PreToolUse", requests.PreToolUse)).toEqual({ ...facts, block: null });
  expect(await hooks.run("PostToolUse", requests.PostToolUse)).toEqual({
    ...facts,
    stop: null,
    additionalContexts: [],
    feedback: null,
  });
  expect(await hooks.run("Stop", requests.Stop)).toEqual({ ...facts, stop: null, block: null });
});

test("the payload is one compact JSON object with its fields in order", async () => {
  for (const event of hookEventNames) {
    await using folder = await temporaryDirectory();
    const hooks = engine([commandHandler(event, "cat > payload")]);
    await hooks.run(event, { ...requests[event], cwd: folder.path });
    const text = await readFile(folder.join("payload"), "utf8");
    expect(text).toBe(JSON.stringify(expectedPayload(event, folder.path)));
  }
});

function expectedPayload(event: HookEventName, cwd: string): object {
  const session = { session_id: "session-1" };
  const turn = { ...session, turn_id: "turn-1" };
  const rest = {
    transcript_path: null,
    cwd,
    hook_event_name: event,
    model: "model-1",
    permission_mode: "default",
  };
  const call = { tool_name: "Bash", tool_input: { command: "ls" } };
  switch (event) {
    case "SessionStart":
      return { ...session, ...rest, source: "startup" };
    case "UserPromptSubmit":
      return { ...turn, ...rest, prompt: "hello" };
    case "PreToolUse":
      return { ...turn, ...rest, ...call, tool_use_id: "call-1" };
    case "PostToolUse":
      return { ...turn, ...rest, ...call, tool_response: "README.md\n", tool_use_id: "call-1" };
    case "Stop":
      return { ...turn, ...rest, stop_hook_active: false, last_assistant_message: "Done." };
  }
}

test("a command gets the environment that was given and nothing else", async () => {
  const hooks = engine([commandHandler("SessionStart", "echo $A-$B")], {
    env: { A: "1", PATH: process.env["PATH"] },
  });
  const { additionalContexts } = await hooks.run("SessionStart", requests.SessionStart);
  expect(additionalContexts).toEqual(["1-"]);
});

test("a run is summed up while it runs and when it has ended", async () => {
  const events: HookRunEvent[] = [];
  const hooks = engine(
    [commandHandler("PreToolUse", "echo no >&2; exit 2", { statusMessage: "vetting" })],
    {
      now: () => 1_700_000_000_900,
    },
  );
  await hooks.run("PreToolUse", requests.PreToolUse, { onEvent: (event) => events.push(event) });
  const started = {
    id: expect.stringMatching(new RegExp(`^pre-tool-use:0:/etc/hooks.json:${uuid}$`)),
    event_name: "pre_tool_use",
    handler_type: "command",
    execution_mode: "sync",
    scope: "turn",
    source_path: "/etc/hooks.json",
    display_order: 0,
    status: "running",
    status_message: "vetting",
    started_at: 1_700_000_000,
    completed_at: null,
    duration_ms: null,
    entries: [],
  };
  expect(events).toEqual([
    { type: "hook_started", turn_id: "turn-1", run: started },
    {
      type: "hook_completed",
      turn_id: "turn-1",
      run: {
        ...started,
        status: "blocked",
        completed_at: 1_700_000_000,
        duration_ms: expect.any(Number),
        entries: [{ kind: "feedback", text: "no" }],
      },
    },
  ]);
  expect(events[0]?.run.id).toBe(events[1]?.run.id);
});

test("a session's start belongs to the thread, and its events to no turn", async () => {
  const events: HookRunEvent[] = [];
  const hooks = engine([commandHandler("SessionStart", "true")]);
  await hooks.run("SessionStart", requests.SessionStart, {
    onEvent: (event) => events.push(event),
  });
  expect(events.map((event) => ["turn_id" in event, event.run.scope])).toEqual([
    [false, "thread"],
    [false, "thread"],
  ]);
});

test("each occurrence has run ids of its own", async () => {
  const hooks = engine([commandHandler("PreToolUse", "true")]);
  const outcomes = await Promise.all([
    hooks.run("PreToolUse", requests.PreToolUse),
    hooks.run("PreToolUse", requests.PreToolUse),
  ]);
  expect(new Set(outcomes.flatMap(({ runs }) => runs.map(({ id }) => id))).size).toBe(2);
});

test("a preview shows what would start and starts nothing", async () => {
  await using folder = await temporaryDirectory();
  const hooks = engine([
    commandHandler("PreToolUse", "touch ran", { matcher: "^Bash$" }),
    commandHandler("PreToolUse", "touch ran", { matcher: "Edit" }),
  ]);
  const shown = hooks.preview("PreToolUse", { ...requests.PreToolUse, cwd: folder.path });
  expect(shown.map(({ display_order, status }) => [display_order, status])).toEqual([
    [0, "running"],
  ]);
  expect(existsSync(folder.join("ran"))).toBe(false);
});

test("all starts are told first, completions as they happen, and the merge keeps the order", async () => {
  await using folder = await temporaryDirectory();
  const events: string[] = [];
  const hooks = engine([
    commandHandler(
      "PreToolUse",
      "until [ -e second ]; do sleep 0.02; done; echo first >&2; exit 2",
    ),
    commandHandler("PreToolUse", "echo second >&2; touch done; exit 2"),
  ]);
  const outcome = await hooks.run(
    "PreToolUse",
    { ...requests.PreToolUse, cwd: folder.path },
    {
      onEvent({ type, run }) {
        events.push(`${type} ${run.display_order}`);
        if (type === "hook_completed" && run.display_order === 1) void folder.write({ second: "" });
      },
    },
  );
  expect(events).toEqual([
    "hook_started 0",
    "hook_started 1",
    "hook_completed 1",
    "hook_completed 0",
  ]);
  expect(outcome.block).toEqual({ reason: "first", runId: outcome.runs[0]?.id });
  expect(entriesOf(outcome.runs)).toEqual([
    ["blocked", "first"],
    ["blocked", "second"],
  ]);
});

test("matched handlers run at the same time", async () => {
  await using folder = await temporaryDirectory();
  const meet = (own: string, other: string) =>
    commandHandler("SessionStart", `touch ${own}; until [ -e ${other} ]; do sleep 0.02; done`);
  const hooks = engine([meet("a", "b"), meet("b", "a")]);
  const { runs } = await hooks.run("SessionStart", { ...requests.SessionStart, cwd: folder.path });
  expect(entriesOf(runs)).toEqual([["completed"], ["completed"]]);
});

test("the same handler twice and overlapping matchers are two runs", async () => {
  const hooks = engine([
    commandHandler("SessionStart", "echo a", { matcher: "start.*" }),
    commandHandler("SessionStart", "echo a", { matcher: "^startup$" }),
    commandHandler("SessionStart", "echo b", { matcher: "resume" }),
  ]);
  const { runs, additionalContexts } = await hooks.run("SessionStart", requests.SessionStart);
  expect(runs.map(({ display_order }) => display_order)).toEqual([0, 1]);
  expect(additionalContexts).toEqual(["a", "a"]);
});

test("three Stop handlers are selected in declaration order", () => {
  const hooks = engine(["1", "2", "3"].map((name) => commandHandler("Stop", name)));
  const shown = hooks.preview("Stop", requests.Stop);
  expect(shown.map(({ display_order }) => display_order)).toEqual([0, 1, 2]);
});

test("contexts are kept in order and the first reason to stop counts", async () => {
  const hooks = engine([
    commandHandler("UserPromptSubmit", "sleep 0.1; echo one"),
    commandHandler("UserPromptSubmit", json({ continue: false })),
    commandHandler("UserPromptSubmit", json({ decision: "block", reason: "refused" })),
    commandHandler("UserPromptSubmit", json({ continue: false, stopReason: "later" })),
    commandHandler("UserPromptSubmit", "echo two"),
  ]);
  const { runs: _runs, ...rest } = await hooks.run("UserPromptSubmit", requests.UserPromptSubmit);
  expect(rest).toEqual({
    warnings: [],
    cancelled: false,
    stop: { status: "stopped", reason: "refused" },
    additionalContexts: ["one", "two"],
  });
});

test("feedback of several hooks is joined by a blank line", async () => {
  const hooks = engine([
    commandHandler("PostToolUse", json({ decision: "block", reason: "a" })),
    commandHandler("PostToolUse", "echo b >&2; exit 2"),
  ]);
  expect(await hooks.run("PostToolUse", requests.PostToolUse)).toMatchObject({
    stop: null,
    feedback: "a\n\nb",
  });
});

test("two Stop blocks make one reason and two fragments in order", async () => {
  const hooks = engine([
    commandHandler("Stop", json({ decision: "block", reason: "a" })),
    commandHandler("Stop", json({ decision: "block", reason: "b" })),
  ]);
  const { runs, block, stop } = await hooks.run("Stop", requests.Stop);
  expect({ block, stop }).toEqual({
    stop: null,
    block: {
      reason: "a\n\nb",
      fragments: [
        { text: "a", hookRunId: runs[0]?.id },
        { text: "b", hookRunId: runs[1]?.id },
      ],
    },
  });
});

test("a Stop hook that stops wins over one that blocks", async () => {
  const hooks = engine([
    commandHandler("Stop", json({ decision: "block", reason: "a" })),
    commandHandler("Stop", json({ continue: false, stopReason: "enough" })),
  ]);
  expect(await hooks.run("Stop", requests.Stop)).toMatchObject({
    stop: { status: "stopped", reason: "enough" },
    block: null,
  });
});

test("Stop hooks can continue a turn ten times, and then it ends with a warning", async () => {
  const hooks = engine([
    functionHook("Stop", { name: "more", run: () => ({ decision: "block", reason: "more" }) }),
  ]);
  const blocks = [];
  for (let round = 0; round < 11; round++) {
    blocks.push((await hooks.run("Stop", requests.Stop)).block !== null);
  }
  const last = await hooks.run("Stop", requests.Stop);
  expect(blocks).toEqual([...Array.from({ length: 10 }, () => true), false]);
  expect(last.warnings).toEqual([
    "Stop hooks have continued this turn 10 times; the turn ends now, although they ask for more",
  ]);
  const next = await hooks.run("Stop", { ...requests.Stop, turn_id: "turn-2" });
  expect({ warnings: next.warnings, goesOn: next.block !== null }).toEqual({
    warnings: [],
    goesOn: true,
  });
});

test("a long context is cut and marked", async () => {
  const hooks = engine([commandHandler("SessionStart", "echo 0123456789abc")], {
    limits: { maxTextCharacters: 10 },
  });
  const { runs, additionalContexts } = await hooks.run("SessionStart", requests.SessionStart);
  expect(additionalContexts).toEqual(["0123456789\n[cut: 3 more characters]"]);
  expect(runs[0]?.entries).toEqual([{ kind: "context", text: additionalContexts[0] }]);
});

test("a matcher may mean another name of the tool", async () => {
  const hooks = engine([
    commandHandler("PreToolUse", "true", { matcher: "^Edit$", dialect: "claude" }),
    commandHandler("PreToolUse", "true", { matcher: "^replace$", dialect: "gemini" }),
    commandHandler("PreToolUse", "true", { matcher: "^Edit$" }),
    functionHook("PreToolUse", { name: "own", matcher: "^Edit$", run: () => null }),
  ]);
  const request = { ...requests.PreToolUse, tool_name: "apply_patch", tool_input: { patch: "" } };
  const orders = (aliases: readonly string[]) =>
    hooks.preview("PreToolUse", request, { toolAliases: aliases }).map((run) => run.display_order);
  expect([orders([]), orders(["Edit"])]).toEqual([
    [0, 1],
    [0, 1, 2, 3],
  ]);
});

test("a payload that cannot be written fails every run and changes nothing", async () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const hooks = engine([
    commandHandler("PostToolUse", "echo no >&2; exit 2"),
    commandHandler("PostToolUse", "true"),
  ]);
  const outcome = await hooks.run("PostToolUse", {
    ...requests.PostToolUse,
    tool_response: loop as never,
  });
  expect(outcome).toMatchObject({ stop: null, additionalContexts: [], feedback: null });
  expect(
    outcome.runs.map(({ status, duration_ms, entries }) => ({ status, duration_ms, entries })),
  ).toEqual(
    Array.from({ length: 2 }, () => ({
      status: "failed",
      duration_ms: 0,
      entries: [
        {
          kind: "error",
          text: expect.stringMatching(/^the hook's input cannot be written as JSON: /),
        },
      ],
    })),
  );
});

test("an engine that is disposed of ends what runs", async () => {
  await using folder = await temporaryDirectory();
  const hooks = engine([commandHandler("Stop", "touch started; sleep 600")]);
  const running = hooks.run("Stop", { ...requests.Stop, cwd: folder.path });
  await waitFor(() => existsSync(folder.join("started")));
  await hooks[Symbol.asyncDispose]();
  expect(await running).toMatchObject({ cancelled: true });
  expect(await hooks.run("Stop", requests.Stop)).toMatchObject({ cancelled: true, runs: [] });
});

test("two engines do not know of each other", async () => {
  const refusing = engine([
    functionHook("PreToolUse", { name: "no", run: () => ({ decision: "block", reason: "no" }) }),
  ]);
  const silent = engine([]);
  expect((await silent.run("PreToolUse", requests.PreToolUse)).block).toBeNull();
  await silent[Symbol.asyncDispose]();
  expect((await refusing.run("PreToolUse", requests.PreToolUse)).block?.reason).toBe("no");
});

test("the default shell is the person's own", () => {
  expect([
    defaultHookShell({ SHELL: "/bin/zsh" }, "linux"),
    defaultHookShell({}, "darwin"),
    defaultHookShell({ COMSPEC: "C:\\cmd.exe" }, "win32"),
    defaultHookShell({}, "win32"),
  ]).toEqual([
    { program: "/bin/zsh", args: ["-lc"] },
    { program: "/bin/sh", args: ["-lc"] },
    { program: "C:\\cmd.exe", args: ["/C"] },
    { program: "cmd.exe", args: ["/C"] },
  ]);
});

test("a policy that never asks is announced as bypassing permissions", () => {
  expect([hookPermissionMode("never"), hookPermissionMode("on-request")]).toEqual([
    "bypassPermissions",
    "default",
  ]);
});

test("twenty hooks at once, twenty times at once, leave no listener behind and warn of none", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  const controller = new AbortController();
  const handlers = Array.from({ length: 20 }, (_, index) =>
    index === 0
      ? commandHandler("Stop", "true")
      : functionHook("Stop", { name: "quiet", run: () => Promise.resolve(null) }),
  );
  const hooks = engine(handlers);
  const before = process.listenerCount("exit");
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () =>
      hooks.run("Stop", requests.Stop, { signal: controller.signal }),
    ),
  );
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  expect(outcomes.flatMap(({ runs }) => runs).every(({ status }) => status === "completed")).toBe(
    true,
  );
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  expect([warnings, process.listenerCount("exit") - before]).toEqual([[], 0]);
});

test("a tool may be named like a property that every object has", async () => {
  const hooks = engine([
    commandHandler("PreToolUse", "exit 0", { dialect: "claude", matcher: "^constructor$" }),
    commandHandler("PreToolUse", "exit 0", { dialect: "gemini", matcher: "^constructor$" }),
  ]);
  const { runs } = await hooks.run("PreToolUse", {
    ...requests.PreToolUse,
    tool_name: "constructor",
  });
  expect(entriesOf(runs)).toEqual([["completed"], ["completed"]]);
});

test("a long reason that no entry shows is cut too", async () => {
  const output = { continue: false, stopReason: "halt", reason: "0123456789abc" };
  const hooks = engine([functionHook("PostToolUse", { name: "stop", run: () => output })], {
    limits: { maxTextCharacters: 10 },
  });
  expect(await hooks.run("PostToolUse", requests.PostToolUse)).toMatchObject({
    stop: { status: "stopped", reason: "halt" },
    feedback: "0123456789\n[cut: 3 more characters]",
  });
});
