// What crosses a border (the network, a session file) is decoded here into the types of this package.
import type { CodexErrorInfo, EventMsg, EventOf } from "./event.ts";
import {
  boolean,
  decoder,
  defaulting,
  invalid,
  isRecord,
  json,
  jsonList,
  list,
  listOfReadable,
  looselyTagged,
  nullable,
  number,
  object,
  optional,
  required,
  string,
  stringMap,
  tagged,
  tolerant,
  word,
  type Reader,
} from "./field-reader.ts";
import type { JsonValue } from "./json.ts";
import type { ReviewOutput } from "./op.ts";
import type {
  AskForApproval,
  CollaborationMode,
  GranularApproval,
  ReadOnlyAccess,
  SandboxPolicy,
  TruncationPolicy,
} from "./policy.ts";
import type {
  ContentItem,
  LocalShellAction,
  ReasoningContent,
  ReasoningSummary,
  ResponseItem,
  ToolOutputBody,
  ToolOutputPart,
  WebSearchAction,
} from "./response-item.ts";
import type {
  CompactedItem,
  GitInfo,
  HistoryEdit,
  ItemOrigin,
  RolloutItem,
  RolloutLine,
  SessionMeta,
  SessionSource,
  TurnContextItem,
} from "./rollout-line.ts";
import type {
  CreditsSnapshot,
  RateLimitSnapshot,
  RateLimitWindow,
  TokenUsage,
  TokenUsageInfo,
} from "./usage.ts";
import type { MemoryCitation, MemoryCitationEntry } from "./turn-item.ts";
import type { TextElement, UserInput } from "./user-input.ts";

// Response items

const phase = word("commentary", "final_answer");

const contentItem = tagged<ContentItem>({
  input_text: { text: required(string) },
  input_image: { image_url: required(string) },
  output_text: { text: required(string) },
});

const toolOutputParts = list(
  tagged<ToolOutputPart>({
    input_text: { text: required(string) },
    input_image: {
      image_url: required(string),
      detail: tolerant(word("auto", "low", "high", "original")),
    },
  }),
);

const toolOutput: Reader<ToolOutputBody> = (value) =>
  typeof value === "string" ? value : toolOutputParts(value);

const webSearchAction = tagged<WebSearchAction>(
  {
    search: { query: optional(string), queries: optional(list(string)) },
    open_page: { url: optional(string) },
    find_in_page: { url: optional(string), pattern: optional(string) },
    other: {},
  },
  { unknown: { type: "other" } },
);

const responseItem = tagged<ResponseItem>(
  {
    message: {
      id: optional(string),
      role: required(string),
      content: required(list(contentItem)),
      end_turn: optional(boolean),
      phase: tolerant(phase),
    },
    reasoning: {
      id: optional(string),
      summary: defaulting(
        list(tagged<ReasoningSummary>({ summary_text: { text: required(string) } })),
        [],
      ),
      content: nullable(
        list(
          tagged<ReasoningContent>({
            reasoning_text: { text: required(string) },
            text: { text: required(string) },
          }),
        ),
      ),
      encrypted_content: nullable(string),
    },
    local_shell_call: {
      id: optional(string),
      call_id: nullable(string),
      status: required(word("completed", "in_progress", "incomplete")),
      action: required(
        tagged<LocalShellAction>({
          exec: {
            command: required(list(string)),
            timeout_ms: nullable(number),
            working_directory: nullable(string),
            env: nullable(stringMap),
            user: nullable(string),
          },
        }),
      ),
    },
    function_call: {
      id: optional(string),
      name: required(string),
      namespace: optional(string),
      arguments: required(string),
      call_id: required(string),
    },
    tool_search_call: {
      id: optional(string),
      call_id: nullable(string),
      status: optional(string),
      execution: required(string),
      arguments: nullable(json),
    },
    function_call_output: { call_id: required(string), output: required(toolOutput) },
    custom_tool_call: {
      id: optional(string),
      status: optional(string),
      call_id: required(string),
      name: required(string),
      input: required(string),
    },
    custom_tool_call_output: {
      call_id: required(string),
      name: optional(string),
      output: required(toolOutput),
    },
    tool_search_output: {
      call_id: nullable(string),
      status: required(string),
      execution: required(string),
      tools: required(jsonList),
    },
    web_search_call: {
      id: optional(string),
      status: optional(string),
      action: optional(webSearchAction),
    },
    image_generation_call: {
      id: required(string),
      status: required(string),
      revised_prompt: optional(string),
      result: required(string),
    },
    ghost_snapshot: { ghost_commit: required(json) },
    compaction: { encrypted_content: required(string) },
    other: {},
  },
  { unknown: { type: "other" }, aliases: { compaction_summary: "compaction" } },
);

/**
 * Decodes an item of a response's output or of a session file. A kind that this version does not know
 * becomes `{ type: "other" }`; a known kind without what it needs gives null. Only the fields of the
 * type are kept, in its order.
 */
export const decodeResponseItem: (value: unknown) => ResponseItem | null = decoder(responseItem);

// User input

const textElement = object<TextElement>({
  byte_range: required(
    object<TextElement["byte_range"]>({ start: required(number), end: required(number) }),
  ),
  placeholder: optional(string),
});

/** Decodes one part of what a person hands to a turn; null for what is not one. */
export const decodeUserInput: (value: unknown) => UserInput | null = decoder(
  tagged<UserInput>({
    text: { text: required(string), text_elements: optional(list(textElement)) },
    image: { image_url: required(string) },
    local_image: { path: required(string) },
    skill: { name: required(string), path: required(string) },
    mention: { name: required(string), path: required(string) },
  }),
);

// Usage

const tokenUsage = object<TokenUsage>({
  input_tokens: defaulting(number, /*absence*/ 0),
  cached_input_tokens: defaulting(number, /*absence*/ 0),
  output_tokens: defaulting(number, /*absence*/ 0),
  reasoning_output_tokens: defaulting(number, /*absence*/ 0),
  total_tokens: defaulting(number, /*absence*/ 0),
});

/** Decodes a token count as session files hold it; a missing number is 0. */
export const decodeTokenUsage: (value: unknown) => TokenUsage | null = decoder(tokenUsage);

const tokenUsageInfo = object<TokenUsageInfo>({
  total_token_usage: required(tokenUsage),
  last_token_usage: required(tokenUsage),
  model_context_window: nullable(number),
});

const rateLimitWindow = object<RateLimitWindow>({
  used_percent: required(number),
  window_minutes: nullable(number),
  resets_at: nullable(number),
});

const rateLimitSnapshot = object<RateLimitSnapshot>({
  limit_id: nullable(string),
  limit_name: nullable(string),
  primary: nullable(rateLimitWindow),
  secondary: nullable(rateLimitWindow),
  credits: nullable(
    object<CreditsSnapshot>({
      has_credits: required(boolean),
      unlimited: required(boolean),
      balance: nullable(string),
    }),
  ),
  plan_type: nullable(string),
});

// Policies

const approvalWord = word("untrusted", "on-failure", "on-request", "never");
const granularApproval = object<Extract<AskForApproval, object>>({
  granular: required(
    object<GranularApproval>({
      sandbox_approval: required(boolean),
      rules: required(boolean),
      mcp_elicitations: required(boolean),
      skill_approval: optional(boolean),
      request_permissions: optional(boolean),
    }),
  ),
});
const askForApproval: Reader<AskForApproval> = (value) =>
  typeof value === "string" ? approvalWord(value) : granularApproval(value);

/** Decodes an approval policy as session files and clients carry it. */
export const decodeAskForApproval: (value: unknown) => AskForApproval | null =
  decoder(askForApproval);

const readOnlyAccess = tagged<ReadOnlyAccess>({
  "full-access": {},
  restricted: {
    include_platform_defaults: optional(boolean),
    readable_roots: optional(list(string)),
  },
});

const sandboxPolicy = tagged<SandboxPolicy>({
  "danger-full-access": {},
  "read-only": { access: optional(readOnlyAccess), network_access: optional(boolean) },
  "external-sandbox": { network_access: optional(word("restricted", "enabled")) },
  "workspace-write": {
    writable_roots: optional(list(string)),
    read_only_access: optional(readOnlyAccess),
    network_access: optional(boolean),
    exclude_tmpdir_env_var: optional(boolean),
    exclude_slash_tmp: optional(boolean),
  },
});

/** Decodes a sandbox policy as session files and clients carry it. */
export const decodeSandboxPolicy: (value: unknown) => SandboxPolicy | null = decoder(sandboxPolicy);

// Events

type StoredEvent = EventOf<
  | "task_started"
  | "task_complete"
  | "turn_aborted"
  | "user_message"
  | "agent_message"
  | "agent_reasoning"
  | "agent_reasoning_raw_content"
  | "token_count"
  | "context_compacted"
  | "thread_rolled_back"
  | "undo_completed"
  | "entered_review_mode"
  | "exited_review_mode"
  | "item_completed"
  | "error"
  | "exec_command_end"
  | "patch_apply_end"
  | "web_search_end"
  | "view_image_tool_call"
>;

const codexErrorInfo: Reader<CodexErrorInfo> = (value) =>
  typeof value === "string" || isRecord(value) ? (value as CodexErrorInfo) : invalid;

const turnItem: Reader<EventOf<"item_completed">["item"]> = (value) =>
  isRecord(value) && typeof value["type"] === "string" && typeof value["id"] === "string"
    ? (value as never)
    : invalid;

const memoryCitation = object<MemoryCitation>({
  entries: defaulting(
    list(
      object<MemoryCitationEntry>({
        path: required(string),
        lineStart: required(number),
        lineEnd: required(number),
        note: defaulting(string, ""),
      }),
    ),
    [],
  ),
  rolloutIds: defaulting(list(string), []),
});

const eventMsg = looselyTagged<StoredEvent>(
  {
    task_started: {
      turn_id: required(string),
      model_context_window: nullable(number),
      collaboration_mode_kind: defaulting(word("plan", "default"), "default"),
    },
    task_complete: { turn_id: required(string), last_agent_message: nullable(string) },
    turn_aborted: {
      turn_id: nullable(string),
      reason: required(word("interrupted", "replaced", "review_ended")),
    },
    user_message: {
      message: required(string),
      images: optional(list(string)),
      local_images: defaulting(list(string), []),
      text_elements: defaulting(list(textElement), []),
    },
    agent_message: {
      message: required(string),
      phase: nullable(phase),
      memory_citation: nullable(memoryCitation),
    },
    agent_reasoning: { text: required(string) },
    agent_reasoning_raw_content: { text: required(string) },
    token_count: { info: nullable(tokenUsageInfo), rate_limits: nullable(rateLimitSnapshot) },
    context_compacted: {},
    thread_rolled_back: { num_turns: required(number) },
    undo_completed: { success: required(boolean), message: optional(string) },
    entered_review_mode: {},
    exited_review_mode: { review_output: nullable(json as unknown as Reader<ReviewOutput>) },
    item_completed: {
      thread_id: required(string),
      turn_id: required(string),
      item: required(turnItem),
    },
    error: { message: required(string), codex_error_info: nullable(codexErrorInfo) },
    exec_command_end: {
      call_id: required(string),
      command: required(list(string)),
      exit_code: required(number),
      aggregated_output: defaulting(string, ""),
    },
    patch_apply_end: { call_id: required(string), success: required(boolean) },
    web_search_end: { call_id: required(string), action: required(webSearchAction) },
    view_image_tool_call: { call_id: required(string), path: required(string) },
  },
  { aliases: { turn_started: "task_started", turn_complete: "task_complete" } },
);

/**
 * Decodes an event of one of the kinds that session files hold. The fields that a reader of files
 * relies on are checked, missing ones are filled in, and everything else stays as it was written.
 */
export const decodeEventMsg: (value: unknown) => EventMsg | null = decoder(eventMsg);

// Session files

const sourceWord = word("cli", "vscode", "exec", "mcp");
const customSource = object<{ readonly custom: string }>({ custom: required(string) });
const subagentSource = object<{ readonly subagent: JsonValue }>({
  subagent: required(json),
});
const sessionSource: Reader<SessionSource> = (value) => {
  const known = sourceWord(value);
  if (known !== invalid) return known;
  const custom = customSource(value);
  if (custom !== invalid) return custom;
  const subagent = subagentSource(value);
  return subagent === invalid ? "unknown" : subagent;
};

const sessionMetaFields = object<SessionMeta>({
  id: required(string),
  forked_from_id: optional(string),
  timestamp: required(string),
  cwd: required(string),
  originator: required(string),
  cli_version: required(string),
  source: defaulting(sessionSource, "vscode"),
  agent_nickname: optional(string),
  agent_role: optional(string),
  agent_path: optional(string),
  model_provider: nullable(string),
  base_instructions: nullable(object<{ readonly text: string }>({ text: required(string) })),
  dynamic_tools: optional(jsonList),
  memory_mode: optional(string),
  git: tolerant(
    object<GitInfo>({
      commit_hash: optional(string),
      branch: optional(string),
      repository_url: optional(string),
    }),
  ),
});
const sessionMeta: Reader<SessionMeta> = (value) =>
  sessionMetaFields(
    isRecord(value) && "agent_type" in value
      ? { ...value, agent_role: value["agent_role"] ?? value["agent_type"] }
      : value,
  );

const effort = word("none", "minimal", "low", "medium", "high", "xhigh");
const summaryWord = word("auto", "concise", "detailed", "none");

const turnContext = object<TurnContextItem>({
  turn_id: optional(string),
  trace_id: optional(string),
  cwd: required(string),
  current_date: optional(string),
  timezone: optional(string),
  approval_policy: required(askForApproval),
  approvals_reviewer: tolerant(word("user", "guardian_subagent")),
  told_sections: optional(stringMap),
  sandbox_policy: required(sandboxPolicy),
  network: tolerant(
    object<NonNullable<TurnContextItem["network"]>>({
      allowed_domains: defaulting(list(string), []),
      denied_domains: defaulting(list(string), []),
    }),
  ),
  model: required(string),
  personality: tolerant(word("none", "friendly", "pragmatic")),
  collaboration_mode: tolerant(
    object<CollaborationMode>({
      mode: required(word("plan", "default")),
      settings: required(
        object<CollaborationMode["settings"]>({
          model: required(string),
          reasoning_effort: nullable(effort),
          developer_instructions: nullable(string),
        }),
      ),
    }),
  ),
  realtime_active: optional(boolean),
  effort: tolerant(effort),
  summary: defaulting((value) => {
    const known = summaryWord(value);
    return known === invalid ? "auto" : known;
  }, "auto"),
  user_instructions: optional(string),
  developer_instructions: optional(string),
  final_output_json_schema: optional(json),
  truncation_policy: tolerant(
    object<TruncationPolicy>({
      mode: required(word("bytes", "tokens")),
      limit: required(number),
    }),
  ),
});

const itemOrigin = word<ItemOrigin>("user", "context", "marker", "hook", "summary");
const itemOrigins: Reader<readonly (ItemOrigin | null)[]> = (value) =>
  Array.isArray(value)
    ? value.map((each) => {
        const known = itemOrigin(each);
        return known === invalid ? null : known;
      })
    : invalid;

const payloads: {
  readonly [K in RolloutItem["type"]]: Reader<Extract<RolloutItem, { type: K }>["payload"]>;
} = {
  session_meta: sessionMeta,
  response_item: responseItem,
  compacted: object<CompactedItem>({
    message: required(string),
    replacement_history: optional(listOfReadable(responseItem)),
    replacement_origins: optional(itemOrigins),
  }),
  turn_context: turnContext,
  event_msg: eventMsg,
  history_edit: tagged<HistoryEdit>({
    undo: { count: required(number) },
    drop_snapshot: { id: required(string) },
    replace_images: { text: required(string) },
  }),
};
const payloadReaders = new Map<unknown, Reader<RolloutItem["payload"]>>(Object.entries(payloads));

/**
 * Decodes one parsed line of a session file; null for a line of a kind, or with an event, that this
 * version does not know, and for one that lacks what its kind needs. Such a line is skipped by who
 * reads the file.
 */
export function decodeRolloutLine(value: unknown): RolloutLine | null {
  if (!isRecord(value)) return null;
  const { timestamp, type } = value;
  const reader = payloadReaders.get(type);
  if (typeof timestamp !== "string" || reader === undefined) return null;
  const payload = reader(value["payload"] ?? undefined);
  if (payload === invalid) return null;
  const origin = type === "response_item" ? itemOrigin(value["origin"]) : invalid;
  const line =
    origin === invalid ? { timestamp, type, payload } : { timestamp, type, payload, origin };
  return line as RolloutLine;
}
