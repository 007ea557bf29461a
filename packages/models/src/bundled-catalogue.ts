// What is known of models without asking a server.
import type { ModelInfo, ReasoningEffort } from "@codex-ts/protocol";
import { baseInstructions } from "./prompts/base-instructions.ts";

const effortDescriptions: Readonly<Record<ReasoningEffort, string>> = {
  none: "No reasoning: the fastest answers",
  minimal: "Hardly any reasoning, for simple edits and look-ups",
  low: "Little reasoning: fast, for clear and small tasks",
  medium: "Speed and depth in balance, for everyday work",
  high: "More reasoning, for hard problems",
  xhigh: "The most reasoning, for the hardest problems; slow and costly",
};

const lowToHigh = ["low", "medium", "high"] as const;
const lowToXhigh = [...lowToHigh, "xhigh"] as const;

interface Facts {
  readonly slug: string;
  readonly description: string;
  readonly priority: number;
  readonly visibility: "list" | "hide";
  readonly efforts: readonly ReasoningEffort[];
  readonly truncation: "tokens" | "bytes";
  readonly upgrade?: string;
  /** What differs from the most common values. */
  readonly other?: Partial<ModelInfo>;
}

function model(facts: Facts): ModelInfo {
  const { slug, description, priority, visibility, efforts, truncation, upgrade, other } = facts;
  return {
    slug,
    display_name: slug,
    description,
    base_instructions: baseInstructions,
    default_reasoning_level: "medium",
    supported_reasoning_levels: efforts.map((effort) => ({
      effort,
      description: effortDescriptions[effort],
    })),
    shell_type: "shell_command",
    visibility,
    supported_in_api: true,
    priority,
    ...(upgrade === undefined
      ? {}
      : { upgrade: { model: upgrade, migration_markdown: migrationText(slug, upgrade) } }),
    supports_reasoning_summaries: true,
    default_reasoning_summary: "auto",
    support_verbosity: false,
    apply_patch_tool_type: "freeform",
    web_search_tool_type: "text",
    truncation_policy: { mode: truncation, limit: 10_000 },
    supports_parallel_tool_calls: false,
    supports_image_detail_original: false,
    supports_search_tool: false,
    context_window: 272_000,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: ["text", "image"],
    ...other,
  };
}

function migrationText(from: string, to: string): string {
  return `**${to}** is the newer model for what you do with ${from}. You can switch now, or keep ${from}: \`/model\` changes it at any time.`;
}

const parallel: Partial<ModelInfo> = { supports_parallel_tool_calls: true };
const parallelAndTerse: Partial<ModelInfo> = {
  ...parallel,
  support_verbosity: true,
  default_verbosity: "low",
};
const newest: Partial<ModelInfo> = {
  ...parallelAndTerse,
  default_reasoning_summary: "none",
  supports_image_detail_original: true,
};
const plainShell: Partial<ModelInfo> = { shell_type: "default", support_verbosity: true };
const openWeights: Partial<ModelInfo> = {
  ...plainShell,
  context_window: 128_000,
  input_modalities: ["text"],
};

/** The models that come with the program, the best of equal priority first. */
export const bundledCatalogue: readonly ModelInfo[] = [
  model({
    slug: "gpt-5.3-codex",
    description: "The strongest model made for coding agents",
    priority: 0,
    visibility: "list",
    efforts: lowToXhigh,
    truncation: "tokens",
    upgrade: "gpt-5.4",
    other: newest,
  }),
  model({
    slug: "gpt-5.4",
    description: "The newest general model, strong at code as well",
    priority: 0,
    visibility: "list",
    efforts: lowToXhigh,
    truncation: "tokens",
    other: newest,
  }),
  model({
    slug: "gpt-5.2-codex",
    description: "An earlier model made for coding agents",
    priority: 3,
    visibility: "list",
    efforts: lowToXhigh,
    truncation: "tokens",
    upgrade: "gpt-5.4",
    other: parallel,
  }),
  model({
    slug: "gpt-5.1-codex-max",
    description: "An earlier coding model for long and deep tasks",
    priority: 4,
    visibility: "list",
    efforts: lowToXhigh,
    truncation: "tokens",
    upgrade: "gpt-5.4",
  }),
  model({
    slug: "gpt-5.1-codex",
    description: "An earlier model made for coding agents",
    priority: 5,
    visibility: "hide",
    efforts: lowToHigh,
    truncation: "tokens",
    upgrade: "gpt-5.3-codex",
  }),
  model({
    slug: "gpt-5.2",
    description: "An earlier general model",
    priority: 6,
    visibility: "list",
    efforts: lowToXhigh,
    truncation: "bytes",
    upgrade: "gpt-5.4",
    other: parallelAndTerse,
  }),
  model({
    slug: "gpt-5.1",
    description: "An earlier general model",
    priority: 7,
    visibility: "hide",
    efforts: lowToHigh,
    truncation: "bytes",
    upgrade: "gpt-5.3-codex",
    other: parallelAndTerse,
  }),
  model({
    slug: "gpt-5-codex",
    description: "The first GPT-5 model made for coding agents",
    priority: 10,
    visibility: "hide",
    efforts: lowToHigh,
    truncation: "tokens",
    upgrade: "gpt-5.3-codex",
  }),
  model({
    slug: "gpt-5",
    description: "The first general GPT-5 model",
    priority: 11,
    visibility: "hide",
    efforts: ["minimal", ...lowToHigh],
    truncation: "bytes",
    upgrade: "gpt-5.3-codex",
    other: { ...plainShell, apply_patch_tool_type: null },
  }),
  model({
    slug: "gpt-oss-120b",
    description: "The larger model with open weights",
    priority: 11,
    visibility: "hide",
    efforts: lowToHigh,
    truncation: "bytes",
    other: openWeights,
  }),
  model({
    slug: "gpt-oss-20b",
    description: "The smaller model with open weights, for a machine of one's own",
    priority: 11,
    visibility: "hide",
    efforts: lowToHigh,
    truncation: "bytes",
    other: openWeights,
  }),
  model({
    slug: "gpt-5.1-codex-mini",
    description: "A small coding model: cheaper and faster, less able",
    priority: 12,
    visibility: "list",
    efforts: ["medium", "high"],
    truncation: "tokens",
    upgrade: "gpt-5.4",
  }),
  model({
    slug: "gpt-5-codex-mini",
    description: "The first small coding model",
    priority: 13,
    visibility: "hide",
    efforts: ["medium", "high"],
    truncation: "tokens",
    upgrade: "gpt-5.3-codex",
  }),
];
