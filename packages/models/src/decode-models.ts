// Reads catalogue entries from a file or a server. By hand: programs wait for it at their start, and a
// schema library takes longer to load than all the models of a server to read.
import type { ModelInfo, ReasoningEffort } from "@codex-ts/protocol";

/** Says what is expected of a value; null for one that is fine. */
type Check = (value: unknown) => string | null;

interface Rule {
  readonly check: Check;
  /** Without it, or with null in its place, the entry can be read all the same. */
  readonly optional: boolean;
}

const expecting =
  (what: string, isFine: (value: unknown) => boolean): Check =>
  (value) =>
    isFine(value) ? null : what;

const text = expecting("a text", (value) => typeof value === "string");
const flag = expecting("true or false", (value) => typeof value === "boolean");
const integer = expecting("a whole number", Number.isSafeInteger);
const count = expecting(
  "a whole number of at least 0",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
const word = (...words: readonly string[]) =>
  expecting(`one of ${words.join(", ")}`, (value) => words.some((each) => each === value));
const list = (check: Check): Check =>
  expecting(
    "a list",
    (value) => Array.isArray(value) && value.every((element) => check(element) === null),
  );
const table = (checks: Readonly<Record<string, Check>>): Check =>
  expecting(
    `a table with ${Object.keys(checks).join(" and ")}`,
    (value) =>
      isTable(value) && Object.entries(checks).every(([key, check]) => check(value[key]) === null),
  );

const required = (check: Check): Rule => ({ check, optional: false });
const optional = (check: Check): Rule => ({ check, optional: true });

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh"] satisfies ReasoningEffort[];
const effort = word(...efforts);

// `used_fallback_model_metadata` is ours and never read.
const rules: Readonly<Record<Exclude<keyof ModelInfo, "used_fallback_model_metadata">, Rule>> = {
  slug: required(text),
  display_name: required(text),
  description: optional(text),
  base_instructions: required(text),
  default_reasoning_level: optional(effort),
  supported_reasoning_levels: required(list(table({ effort, description: text }))),
  shell_type: required(word("default", "local", "unified_exec", "disabled", "shell_command")),
  visibility: required(word("list", "hide", "none")),
  supported_in_api: required(flag),
  priority: required(integer),
  upgrade: optional(table({ model: text, migration_markdown: text })),
  supports_reasoning_summaries: required(flag),
  default_reasoning_summary: optional(word("auto", "concise", "detailed", "none")),
  support_verbosity: required(flag),
  default_verbosity: optional(word("low", "medium", "high")),
  apply_patch_tool_type: optional(word("freeform", "function")),
  web_search_tool_type: optional(word("text", "text_and_image")),
  truncation_policy: required(table({ mode: word("bytes", "tokens"), limit: count })),
  supports_parallel_tool_calls: required(flag),
  supports_image_detail_original: optional(flag),
  supports_search_tool: optional(flag),
  context_window: optional(count),
  auto_compact_token_limit: optional(count),
  effective_context_window_percent: optional(count),
  experimental_supported_tools: required(list(text)),
  input_modalities: optional(list(word("text", "image"))),
};

/** What could be read of a catalogue. */
export interface DecodedModels {
  /** The readable entries, in the order of the list. */
  readonly models: readonly ModelInfo[];
  /** One sentence for each entry that was left out. */
  readonly warnings: readonly string[];
}

/**
 * Reads a catalogue entry by entry; one that this version cannot read does not spoil the others. Unknown
 * keys are dropped, and so is a null where a key may be missing.
 */
export function decodeModels(entries: readonly unknown[]): DecodedModels {
  const models: ModelInfo[] = [];
  const warnings: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const fault = faultOf(entry);
    if (fault === null) models.push(knownKeys(entry as ModelInfo));
    else warnings.push(`${nameOf(entry, index)} of the catalogue is left out: ${fault}`);
  }
  return { models, warnings };
}

function faultOf(entry: unknown): string | null {
  if (!isTable(entry)) return "it is not a table";
  for (const [key, { check, optional: mayBeMissing }] of Object.entries(rules)) {
    const value = entry[key] ?? null;
    if (value === null && mayBeMissing) continue;
    if (value === null) return `${key} is missing`;
    const expected = check(value);
    if (expected !== null) return `${key} must be ${expected}`;
  }
  return null;
}

function knownKeys(entry: ModelInfo): ModelInfo {
  const kept = Object.entries(entry).filter(
    ([key, value]) => value !== null && Object.hasOwn(rules, key),
  );
  return Object.fromEntries(kept) as unknown as ModelInfo;
}

function nameOf(entry: unknown, index: number): string {
  const slug = isTable(entry) ? entry["slug"] : undefined;
  return typeof slug === "string" ? `the model ${slug}` : `model number ${index + 1}`;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
