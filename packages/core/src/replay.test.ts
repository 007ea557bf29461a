import {
  developerMessage,
  type EventMsg,
  type ResponseItem,
  type RolloutItem,
  type TurnContextItem,
  userMessage,
} from "@codex-ts/protocol";
import { describe, expect, test } from "vitest";
import { emptyHistory, type HistoryState } from "./history.ts";
import { replay } from "./replay.ts";

const policy = { mode: "tokens", limit: 10_000 } as const;

/** The items alone: who put them there is checked where that matters. */
const itemsOf = (state: HistoryState): readonly ResponseItem[] =>
  state.entries.map(({ item: each }) => each);
const item = (payload: ResponseItem): RolloutItem => ({ type: "response_item", payload });
const event = (payload: EventMsg): RolloutItem => ({ type: "event_msg", payload });
const started = (turnId: string): RolloutItem =>
  event({
    type: "task_started",
    turn_id: turnId,
    model_context_window: null,
    collaboration_mode_kind: "default",
  });
const completed = (turnId: string): RolloutItem =>
  event({ type: "task_complete", turn_id: turnId, last_agent_message: null });
const context = (turnId: string, model = "m"): TurnContextItem => ({
  turn_id: turnId,
  cwd: "/w",
  approval_policy: "never",
  sandbox_policy: { type: "read-only" },
  model,
  summary: "auto",
});
const contextLine = (payload: TurnContextItem): RolloutItem => ({ type: "turn_context", payload });
const said = (text: string): RolloutItem[] => [
  item(userMessage(text)),
  event({ type: "user_message", message: text, images: [], local_images: [], text_elements: [] }),
];
const answer = (text: string): ResponseItem => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const environment = userMessage("<environment_context>\n</environment_context>");
const permissions = developerMessage("<permissions instructions>\n</permissions instructions>");

/** A whole turn, with its context items. */
function turn(id: string, text: string, ...contextItems: ResponseItem[]): RolloutItem[] {
  return [
    started(id),
    ...contextItems.map(item),
    contextLine(context(id)),
    ...said(text),
    item(answer(`re: ${text}`)),
    completed(id),
  ];
}

test("an empty file gives an empty history", () => {
  expect(replay([], policy)).toEqual(emptyHistory);
});

test("a finished turn gives its items, its context as reference, and its model", () => {
  expect(replay(turn("t1", "one", permissions, environment), policy)).toEqual({
    entries: [
      { item: permissions, origin: "context" },
      { item: environment, origin: "context" },
      { item: userMessage("one"), origin: "user" },
      { item: answer("re: one"), origin: null },
    ],
    reference: context("t1"),
    previousTurn: { model: "m" },
    tokenInfo: null,
  });
});

test("a turn context without a user message counts for nothing", () => {
  const state = replay([started("t1"), contextLine(context("t1")), completed("t1")], policy);
  expect(state).toEqual(emptyHistory);
});

test("an unfinished turn counts: its context is the reference", () => {
  const state = replay([started("t1"), contextLine(context("t1")), ...said("one")], policy);
  expect(state.reference).toEqual(context("t1"));
  expect(itemsOf(state)).toEqual([userMessage("one")]);
});

describe("compaction", () => {
  const compacted: RolloutItem = {
    type: "compacted",
    payload: { message: "", replacement_history: [userMessage("summary")] },
  };

  test("the replacement is taken as it is and the reference is gone", () => {
    const state = replay([...turn("t1", "one", permissions), compacted], policy);
    expect(itemsOf(state)).toEqual([userMessage("summary")]);
    expect(state.reference).toBeNull();
    expect(state.previousTurn).toEqual({ model: "m" });
  });

  test("a turn context behind it in the same turn is the reference again", () => {
    const state = replay(
      [
        started("t1"),
        contextLine(context("t1")),
        ...said("one"),
        compacted,
        contextLine(context("t1")),
        completed("t1"),
      ],
      policy,
    );
    expect(state.reference).toEqual(context("t1"));
  });

  test("without a replacement the user messages and the summary remain", () => {
    const state = replay(
      [...turn("t1", "one", permissions), { type: "compacted", payload: { message: "sum" } }],
      policy,
    );
    expect(itemsOf(state)).toEqual([userMessage("one"), userMessage("sum")]);
  });
});

describe("rollback", () => {
  const rolledBack = (turns: number): RolloutItem =>
    event({ type: "thread_rolled_back", num_turns: turns });

  test("a turn goes with the context that was recorded for it, and the reference steps back", () => {
    const state = replay(
      [
        ...turn("t1", "one", permissions, environment),
        ...turn("t2", "two", environment),
        rolledBack(/*turns*/ 1),
      ],
      policy,
    );
    expect(itemsOf(state)).toEqual([
      permissions,
      environment,
      userMessage("one"),
      answer("re: one"),
    ]);
    expect(state.reference).toEqual(context("t1"));
  });

  test("the first turn takes the initial context along", () => {
    const state = replay(
      [...turn("t1", "one", permissions, environment), rolledBack(/*turns*/ 1)],
      policy,
    );
    expect(itemsOf(state)).toEqual([]);
    expect(state.reference).toBeNull();
  });

  test("more turns than there are empties the history", () => {
    const state = replay(
      [...turn("t1", "one"), ...turn("t2", "two"), rolledBack(/*turns*/ 99)],
      policy,
    );
    expect(itemsOf(state)).toEqual([]);
  });

  test("over a compaction the earlier turns come back", () => {
    const lines: RolloutItem[] = [
      ...turn("t1", "one", permissions),
      ...turn("t2", "two"),
      started("c"),
      { type: "compacted", payload: { message: "", replacement_history: [userMessage("sum")] } },
      completed("c"),
      ...turn("t3", "three", permissions),
      rolledBack(/*turns*/ 2),
    ];
    expect(itemsOf(replay(lines, policy))).toEqual([
      permissions,
      userMessage("one"),
      answer("re: one"),
    ]);
  });

  test("twice adds up, and later turns go on from there", () => {
    const lines = [
      ...turn("t1", "one"),
      ...turn("t2", "two"),
      ...turn("t3", "three"),
      rolledBack(/*turns*/ 1),
      rolledBack(/*turns*/ 1),
      ...turn("t4", "four"),
    ];
    expect(itemsOf(replay(lines, policy))).toEqual([
      userMessage("one"),
      answer("re: one"),
      userMessage("four"),
      answer("re: four"),
    ]);
  });

  test("turns that a person did not start are not counted", () => {
    const lines = [
      ...turn("t1", "one"),
      started("shell"),
      item(userMessage("<user_shell_command>ls</user_shell_command>")),
      completed("shell"),
      rolledBack(/*turns*/ 1),
    ];
    expect(itemsOf(replay(lines, policy))).toEqual([]);
  });

  test("a file without turn events is rolled back to before the context of its turn", () => {
    const lines = [
      item(environment),
      ...said("one"),
      item(answer("a")),
      item(environment),
      ...said("two"),
      item(answer("b")),
      rolledBack(/*turns*/ 1),
    ];
    expect(itemsOf(replay(lines, policy))).toEqual([environment, userMessage("one"), answer("a")]);
  });
});

test("an abort with another turn's id does not close the open turn", () => {
  const lines = [
    started("t1"),
    contextLine(context("t1")),
    event({ type: "turn_aborted", turn_id: "other", reason: "interrupted" }),
    ...said("one"),
  ];
  expect(replay(lines, policy).reference).toEqual(context("t1"));
});

test("token use is that of the last count that knew it", () => {
  const info = {
    total_token_usage: {
      input_tokens: 10,
      cached_input_tokens: 0,
      output_tokens: 1,
      reasoning_output_tokens: 0,
      total_tokens: 11,
    },
    last_token_usage: {
      input_tokens: 10,
      cached_input_tokens: 0,
      output_tokens: 1,
      reasoning_output_tokens: 0,
      total_tokens: 11,
    },
    model_context_window: 100,
  };
  const lines = [
    ...turn("t1", "one"),
    event({ type: "token_count", info, rate_limits: null }),
    event({ type: "token_count", info: null, rate_limits: null }),
  ];
  expect(replay(lines, policy).tokenInfo).toEqual(info);
});

test("outputs are stored whole and cut to the model's policy on the way in", () => {
  const lines = [
    item({ type: "function_call", name: "t", arguments: "{}", call_id: "c" }),
    item({ type: "function_call_output", call_id: "c", output: "x".repeat(1000) }),
  ];
  const [, output] = itemsOf(replay(lines, { mode: "bytes", limit: 10 }));
  expect(output).toEqual({
    type: "function_call_output",
    call_id: "c",
    output: "xxxxxx…988 chars truncated…xxxxxx",
  });
});
