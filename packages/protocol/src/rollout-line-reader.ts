// The lines of a session file, as a reader.
import type { JsonValue } from "./json.ts";
import type { CollaborationMode, TruncationPolicy } from "./policy.ts";
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
import {
  boolean,
  defaulting,
  invalid,
  isRecord,
  json,
  jsonList,
  list,
  listOfReadable,
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
import { responseItem } from "./response-item-reader.ts";
import { askForApproval, sandboxPolicy } from "./policy-reader.ts";
import { eventMsg } from "./event-reader.ts";

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

/** A parsed line of a session file. */
export const rolloutLine: Reader<RolloutLine> = (value) => {
  if (!isRecord(value)) return invalid;
  const { timestamp, type } = value;
  const reader = payloadReaders.get(type);
  if (typeof timestamp !== "string" || reader === undefined) return invalid;
  const payload = reader(value["payload"] ?? undefined);
  if (payload === invalid) return invalid;
  const origin = type === "response_item" ? itemOrigin(value["origin"]) : invalid;
  const line =
    origin === invalid ? { timestamp, type, payload } : { timestamp, type, payload, origin };
  return line as RolloutLine;
};
