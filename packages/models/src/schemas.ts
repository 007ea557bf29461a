// Reads catalogue entries from a file or a server; apart from the main entry, so that zod is loaded only here.
import type { ModelInfo } from "@codex-ts/protocol";
import { z } from "zod";

const effortSchema = z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]);
const count = z.int().min(0);

/** One entry of a catalogue. Unknown keys are dropped. */
export const modelInfoSchema = z.object({
  slug: z.string(),
  display_name: z.string(),
  description: z.string().nullable().exactOptional(),
  base_instructions: z.string(),
  default_reasoning_level: effortSchema.nullable().exactOptional(),
  supported_reasoning_levels: z.array(z.object({ effort: effortSchema, description: z.string() })),
  shell_type: z.enum(["default", "local", "unified_exec", "disabled", "shell_command"]),
  visibility: z.enum(["list", "hide", "none"]),
  supported_in_api: z.boolean(),
  priority: z.int(),
  upgrade: z
    .object({ model: z.string(), migration_markdown: z.string() })
    .nullable()
    .exactOptional(),
  supports_reasoning_summaries: z.boolean(),
  default_reasoning_summary: z.enum(["auto", "concise", "detailed", "none"]).exactOptional(),
  support_verbosity: z.boolean(),
  default_verbosity: z.enum(["low", "medium", "high"]).nullable().exactOptional(),
  apply_patch_tool_type: z.enum(["freeform", "function"]).nullable().exactOptional(),
  web_search_tool_type: z.enum(["text", "text_and_image"]).exactOptional(),
  truncation_policy: z.object({ mode: z.enum(["bytes", "tokens"]), limit: count }),
  supports_parallel_tool_calls: z.boolean(),
  supports_image_detail_original: z.boolean().exactOptional(),
  supports_search_tool: z.boolean().exactOptional(),
  context_window: count.nullable().exactOptional(),
  auto_compact_token_limit: count.nullable().exactOptional(),
  effective_context_window_percent: count.exactOptional(),
  experimental_supported_tools: z.array(z.string()),
  input_modalities: z.array(z.enum(["text", "image"])).exactOptional(),
}) satisfies z.ZodType<ModelInfo>;

// `used_fallback_model_metadata` is ours and never read.
const schemaKnowsEveryKey: Exclude<
  keyof ModelInfo,
  keyof z.output<typeof modelInfoSchema> | "used_fallback_model_metadata"
> extends never
  ? true
  : false = true;
void schemaKnowsEveryKey;

export interface DecodedModels {
  readonly models: readonly ModelInfo[];
  /** One sentence for each entry that was left out. */
  readonly warnings: readonly string[];
}

/** Reads a catalogue entry by entry; one that this version cannot read does not spoil the others. */
export function decodeModels(entries: readonly unknown[]): DecodedModels {
  const models: ModelInfo[] = [];
  const warnings: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = modelInfoSchema.safeParse(entry);
    if (parsed.success) models.push(parsed.data);
    else warnings.push(warningFor(index, entry, parsed.error));
  }
  return { models, warnings };
}

function warningFor(index: number, entry: unknown, { issues }: z.ZodError): string {
  const slug = z.object({ slug: z.string() }).safeParse(entry).data?.slug;
  const named = slug === undefined ? `model number ${index + 1}` : `the model ${slug}`;
  const [issue] = issues;
  const key = issue?.path.map(String).join(".") ?? "";
  const place = key === "" ? "" : ` at ${key}`;
  return `${named} of the catalogue is left out${place}: ${issue?.message ?? "it cannot be read"}`;
}
