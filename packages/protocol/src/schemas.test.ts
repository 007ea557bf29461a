import { describe, expect, expectTypeOf, it } from "vitest";
import type { ResponseItem } from "./response-item.ts";
import { encodeResponseItem } from "./response-item.ts";
import type { RolloutLine } from "./rollout-line.ts";
import {
  decodeAskForApproval,
  decodeEventMsg,
  decodeResponseItem,
  decodeRolloutLine,
  decodeSandboxPolicy,
  decodeTokenUsage,
  decodeUserInput,
} from "./schemas.ts";

const timestamp = "2026-05-04T08:09:10.123Z";

describe("decodeResponseItem", () => {
  const items: readonly ResponseItem[] = [
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      content: [
        { type: "output_text", text: "hi" },
        { type: "input_text", text: "old" },
        { type: "input_image", image_url: "data:image/png;base64,AA==" },
      ],
      end_turn: true,
      phase: "final_answer",
    },
    {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "thinking" }],
      content: [
        { type: "reasoning_text", text: "raw" },
        { type: "text", text: "plain" },
      ],
      encrypted_content: "opaque",
    },
    {
      type: "local_shell_call",
      id: "sh_1",
      call_id: null,
      status: "completed",
      action: {
        type: "exec",
        command: ["ls", "-l"],
        timeout_ms: 10,
        working_directory: "/w",
        env: { A: "b" },
        user: null,
      },
    },
    {
      type: "function_call",
      id: "fc_1",
      name: "shell",
      namespace: "ns",
      arguments: '{"a":1}',
      call_id: "c1",
    },
    {
      type: "tool_search_call",
      id: "ts_1",
      call_id: "c2",
      status: "completed",
      execution: "client",
      arguments: { query: "x" },
    },
    { type: "function_call_output", call_id: "c1", output: "plain" },
    {
      type: "function_call_output",
      call_id: "c1",
      output: [
        { type: "input_text", text: "a" },
        { type: "input_image", image_url: "data:", detail: "original" },
      ],
    },
    {
      type: "custom_tool_call",
      id: "ct_1",
      status: "completed",
      call_id: "c3",
      name: "apply_patch",
      input: "*** Begin Patch",
    },
    { type: "custom_tool_call_output", call_id: "c3", name: "apply_patch", output: "done" },
    {
      type: "tool_search_output",
      call_id: null,
      status: "completed",
      execution: "client",
      tools: [{ name: "x" }],
    },
    {
      type: "web_search_call",
      id: "ws_1",
      status: "completed",
      action: { type: "search", query: "q", queries: ["q", "r"] },
    },
    {
      type: "image_generation_call",
      id: "ig_1",
      status: "completed",
      revised_prompt: "a cat",
      result: "AA==",
    },
    { type: "ghost_snapshot", ghost_commit: { id: "abc" } },
    { type: "compaction", encrypted_content: "opaque" },
    { type: "other" },
  ];

  it.each(items.map((item) => [item.type, item] as const))(
    "keeps every field of a %s",
    (_type, item) => {
      expect(decodeResponseItem(JSON.parse(JSON.stringify(item)))).toEqual(item);
    },
  );

  it("drops the fields that a server adds and we never send back, and keeps our order", () => {
    const decoded = decodeResponseItem({
      status: "completed",
      content: [{ annotations: [], logprobs: [], text: "hi", type: "output_text" }],
      role: "assistant",
      id: "msg_1",
      type: "message",
    });
    expect(JSON.stringify(decoded)).toBe(
      '{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"hi"}]}',
    );
  });

  it("gives what a session file holds back after encoding and decoding", () => {
    for (const item of items) {
      const stored = JSON.parse(JSON.stringify(encodeResponseItem(item))) as unknown;
      expect(decodeResponseItem(stored)).toEqual(stored);
    }
  });

  it("reads a missing key and a null alike, as the kind of field says", () => {
    expect(decodeResponseItem({ type: "reasoning" })).toEqual({
      type: "reasoning",
      summary: [],
      content: null,
      encrypted_content: null,
    });
    expect(
      decodeResponseItem({ type: "message", id: null, role: "user", content: [], phase: null }),
    ).toEqual({ type: "message", role: "user", content: [] });
    expect(
      decodeResponseItem({
        type: "local_shell_call",
        status: "in_progress",
        action: { type: "exec", command: ["ls"] },
      }),
    ).toEqual({
      type: "local_shell_call",
      call_id: null,
      status: "in_progress",
      action: {
        type: "exec",
        command: ["ls"],
        timeout_ms: null,
        working_directory: null,
        env: null,
        user: null,
      },
    });
    expect(decodeResponseItem({ type: "web_search_call" })).toEqual({ type: "web_search_call" });
  });

  it("reads kinds that it does not know as other", () => {
    expect(decodeResponseItem({ type: "hologram", id: "x" })).toEqual({ type: "other" });
    expect(decodeResponseItem({ type: "constructor" })).toEqual({ type: "other" });
    expect(
      decodeResponseItem({ type: "web_search_call", action: { type: "scroll", by: 3 } }),
    ).toEqual({ type: "web_search_call", action: { type: "other" } });
  });

  it("reads compaction_summary as compaction", () => {
    expect(decodeResponseItem({ type: "compaction_summary", encrypted_content: "e" })).toEqual({
      type: "compaction",
      encrypted_content: "e",
    });
  });

  it("leaves out a phase or an image detail of a newer version", () => {
    expect(
      decodeResponseItem({ type: "message", role: "assistant", content: [], phase: "prelude" }),
    ).toEqual({ type: "message", role: "assistant", content: [] });
    expect(
      decodeResponseItem({
        type: "function_call_output",
        call_id: "c",
        output: [{ type: "input_image", image_url: "data:", detail: "huge" }],
      }),
    ).toEqual({
      type: "function_call_output",
      call_id: "c",
      output: [{ type: "input_image", image_url: "data:" }],
    });
  });

  it.each([
    ["null", null],
    ["text", "message"],
    ["a list", [{ type: "message" }]],
    ["no type", { role: "user" }],
    ["a message without content", { type: "message", role: "user" }],
    ["an unknown part", { type: "message", role: "user", content: [{ type: "smell" }] }],
    ["a null part", { type: "message", role: "user", content: [null] }],
    [
      "arguments that are not text",
      { type: "function_call", name: "f", arguments: {}, call_id: "" },
    ],
    ["an output that is an object", { type: "function_call_output", call_id: "c", output: {} }],
    [
      "env that is not text",
      {
        type: "local_shell_call",
        status: "completed",
        action: { type: "exec", command: [], env: { A: 1 } },
      },
    ],
    ["an image call without its id", { type: "image_generation_call", status: "s", result: "" }],
  ])("gives null for %s", (_name, value) => {
    expect(decodeResponseItem(value)).toBeNull();
  });

  it("never throws on an item with one wrong field, and what it gives it gives again", () => {
    const wrong = [undefined, null, true, 7, "x", [], [null], {}, { type: "x" }, [{ type: "x" }]];
    const spoilt = items.flatMap((item) =>
      Object.keys(item).flatMap((key) => wrong.map((value) => ({ ...item, [key]: value }))),
    );
    const given = spoilt.map(decodeResponseItem);
    expect(given.map(decodeResponseItem)).toEqual(given);
    expect(given).toContain(null);
  });
});

describe("decodeUserInput", () => {
  it.each([
    [{ type: "text", text: "a" }],
    [{ type: "text", text: "a", text_elements: [{ byte_range: { start: 0, end: 1 } }] }],
    [{ type: "image", image_url: "data:" }],
    [{ type: "local_image", path: "/p.png" }],
    [{ type: "skill", name: "n", path: "/s" }],
    [{ type: "mention", name: "n", path: "app://x" }],
  ])("keeps %j", (input) => {
    expect(decodeUserInput({ ...input, extra: true })).toEqual(input);
  });

  it("gives null for kinds that it does not know", () => {
    expect(decodeUserInput({ type: "smell", text: "a" })).toBeNull();
  });
});

describe("policies", () => {
  it("reads each approval policy and no other word", () => {
    const granular = { granular: { sandbox_approval: true, rules: false, mcp_elicitations: true } };
    for (const policy of ["untrusted", "on-failure", "on-request", "never", granular]) {
      expect(decodeAskForApproval(policy)).toEqual(policy);
    }
    expect(decodeAskForApproval("sometimes")).toBeNull();
    expect(decodeAskForApproval({ granular: { rules: true } })).toBeNull();
  });

  it("reads each sandbox policy; network access is a word only outside of our sandbox", () => {
    for (const policy of [
      { type: "danger-full-access" },
      { type: "read-only", access: { type: "full-access" }, network_access: false },
      { type: "external-sandbox", network_access: "enabled" },
      {
        type: "workspace-write",
        writable_roots: ["/a"],
        read_only_access: { type: "restricted", readable_roots: ["/b"] },
        network_access: true,
        exclude_tmpdir_env_var: true,
        exclude_slash_tmp: false,
      },
    ]) {
      expect(decodeSandboxPolicy(policy)).toEqual(policy);
    }
    expect(decodeSandboxPolicy({ type: "workspace-write", network_access: "enabled" })).toBeNull();
    expect(decodeSandboxPolicy({ type: "wide-open" })).toBeNull();
  });
});

describe("decodeEventMsg", () => {
  it("fills in what older files lack and keeps what it does not know", () => {
    expect(
      decodeEventMsg({ type: "user_message", message: "hi", images: null, future: [1] }),
    ).toEqual({
      type: "user_message",
      message: "hi",
      local_images: [],
      text_elements: [],
      future: [1],
    });
    expect(decodeEventMsg({ type: "agent_message", message: "hi" })).toEqual({
      type: "agent_message",
      message: "hi",
      phase: null,
      memory_citation: null,
    });
    expect(decodeEventMsg({ type: "token_count" })).toEqual({
      type: "token_count",
      info: null,
      rate_limits: null,
    });
  });

  it("reads the other names of the two turn events", () => {
    expect(decodeEventMsg({ type: "turn_started", turn_id: "t" })).toEqual({
      type: "task_started",
      turn_id: "t",
      model_context_window: null,
      collaboration_mode_kind: "default",
    });
    expect(decodeEventMsg({ type: "turn_complete", turn_id: "t" })).toEqual({
      type: "task_complete",
      turn_id: "t",
      last_agent_message: null,
    });
  });

  it("keeps rate limits and usage", () => {
    const usage = {
      input_tokens: 1,
      cached_input_tokens: 2,
      output_tokens: 3,
      reasoning_output_tokens: 4,
      total_tokens: 5,
    };
    const event = {
      type: "token_count",
      info: { total_token_usage: usage, last_token_usage: usage, model_context_window: 9 },
      rate_limits: {
        limit_id: "codex",
        limit_name: null,
        primary: { used_percent: 1.5, window_minutes: 300, resets_at: 7 },
        secondary: null,
        credits: { has_credits: true, unlimited: false, balance: "3" },
        plan_type: "plus",
      },
    };
    expect(decodeEventMsg(event)).toEqual(event);
  });

  it("gives null for a kind that no file holds and for a reason that nobody knows", () => {
    expect(decodeEventMsg({ type: "agent_message_delta", delta: "x" })).toBeNull();
    expect(decodeEventMsg({ type: "quantum_leap" })).toBeNull();
    expect(decodeEventMsg({ type: "turn_aborted", reason: "bored" })).toBeNull();
  });
});

describe("decodeTokenUsage", () => {
  it("takes a missing number as 0", () => {
    expect(decodeTokenUsage({ input_tokens: 4, total_tokens: 4 })).toEqual({
      input_tokens: 4,
      cached_input_tokens: 0,
      output_tokens: 0,
      reasoning_output_tokens: 0,
      total_tokens: 4,
    });
    expect(decodeTokenUsage({ input_tokens: "4" })).toBeNull();
  });
});

describe("decodeRolloutLine", () => {
  it("reads each kind of line", () => {
    const lines: readonly RolloutLine[] = [
      {
        timestamp,
        type: "session_meta",
        payload: {
          id: "0196a000-0000-7000-8000-000000000001",
          forked_from_id: "0196a000-0000-7000-8000-000000000000",
          timestamp,
          cwd: "/w/app",
          originator: "my_cli",
          cli_version: "0.1.0",
          source: { subagent: { other: "x" } },
          agent_nickname: "Kim",
          agent_role: "worker",
          agent_path: "/root/a",
          model_provider: "local",
          base_instructions: { text: "be good" },
          dynamic_tools: [{ name: "t" }],
          memory_mode: "disabled",
          git: { commit_hash: "abc", branch: "main", repository_url: "https://example.test/r" },
        },
      },
      {
        timestamp,
        type: "response_item",
        payload: {
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: "list files" }],
        },
      },
      {
        timestamp,
        type: "compacted",
        payload: { message: "summary", replacement_history: [{ type: "other" }] },
      },
      {
        timestamp,
        type: "turn_context",
        payload: {
          turn_id: "t",
          trace_id: "1",
          cwd: "/w/app",
          current_date: "2026-05-04",
          timezone: "Europe/Paris",
          approval_policy: "on-request",
          approvals_reviewer: "guardian_subagent",
          sandbox_policy: { type: "read-only" },
          network: { allowed_domains: ["a.test"], denied_domains: [] },
          model: "m-1",
          personality: "pragmatic",
          collaboration_mode: {
            mode: "default",
            settings: { model: "m-1", reasoning_effort: null, developer_instructions: null },
          },
          realtime_active: false,
          effort: "high",
          summary: "auto",
          user_instructions: "u",
          developer_instructions: "d",
          final_output_json_schema: { type: "object" },
          truncation_policy: { mode: "tokens", limit: 10_000 },
        },
      },
      { timestamp, type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } },
    ];
    for (const line of lines) {
      expect(decodeRolloutLine(JSON.parse(JSON.stringify(line)))).toEqual(line);
    }
  });

  const meta = {
    id: "0196a000-0000-7000-8000-000000000001",
    timestamp,
    cwd: "/w",
    originator: "o",
    cli_version: "0",
  };
  const source = (value: unknown) => {
    const line = decodeRolloutLine({
      timestamp,
      type: "session_meta",
      payload: { ...meta, source: value },
    });
    return line?.type === "session_meta" ? line.payload.source : null;
  };

  it("takes a missing source as vscode and any other text as unknown", () => {
    expect([
      source(/*value*/ undefined),
      source("cli"),
      source("moon"),
      source({ custom: "x" }),
    ]).toEqual(["vscode", "cli", "unknown", { custom: "x" }]);
  });

  it("reads agent_type as agent_role", () => {
    expect(
      decodeRolloutLine({
        timestamp,
        type: "session_meta",
        payload: { ...meta, agent_type: "worker" },
      }),
    ).toEqual({
      timestamp,
      type: "session_meta",
      payload: {
        ...meta,
        source: "vscode",
        agent_role: "worker",
        model_provider: null,
        base_instructions: null,
      },
    });
  });

  it("loads a turn context of an older version, and one with words of a newer version", () => {
    const payload = {
      cwd: "/w",
      approval_policy: "never",
      sandbox_policy: { type: "danger-full-access" },
      model: "m",
    };
    const expected = { timestamp, type: "turn_context", payload: { ...payload, summary: "auto" } };
    expect(decodeRolloutLine({ timestamp, type: "turn_context", payload })).toEqual(expected);
    expect(
      decodeRolloutLine({
        timestamp,
        type: "turn_context",
        payload: { ...payload, effort: "cosmic", summary: "epic", personality: "grumpy" },
      }),
    ).toEqual(expected);
  });

  it("drops only the items of a replacement history that cannot be read", () => {
    const line = decodeRolloutLine({
      timestamp,
      type: "compacted",
      payload: {
        message: "",
        replacement_history: [{ type: "message" }, { type: "message", role: "user", content: [] }],
      },
    });
    expect(line?.payload).toEqual({
      message: "",
      replacement_history: [{ type: "message", role: "user", content: [] }],
    });
  });

  it.each([
    ["a kind of a newer version", { timestamp, type: "hologram", payload: {} }],
    ["an unknown event", { timestamp, type: "event_msg", payload: { type: "quantum_leap" } }],
    ["no time stamp", { type: "compacted", payload: { message: "" } }],
    ["no payload", { timestamp, type: "response_item" }],
    ["a null payload", { timestamp, type: "response_item", payload: null }],
    ["text", "x"],
    ["a name from Object.prototype", { timestamp, type: "toString", payload: {} }],
  ])("gives null for %s", (_name, value) => {
    expect(decodeRolloutLine(value)).toBeNull();
  });

  it("is typed as the line that it gives", () => {
    expectTypeOf(decodeRolloutLine).returns.toEqualTypeOf<RolloutLine | null>();
    expectTypeOf(decodeResponseItem).returns.toEqualTypeOf<ResponseItem | null>();
  });
});
