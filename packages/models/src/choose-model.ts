import type { ModelInfo, ReasoningEffort } from "@codex-ts/protocol";

/**
 * The model for a person who has named none: the first that a picker would show, by priority.
 * Undefined only for an empty catalogue, or one without a model for API keys.
 */
export function defaultModel(
  catalogue: readonly ModelInfo[],
  { chatgpt }: { /** Whether the login is one with ChatGPT. */ readonly chatgpt: boolean },
): ModelInfo | undefined {
  const usable = catalogue
    .filter(({ supported_in_api }) => chatgpt || supported_in_api)
    .toSorted((a, b) => a.priority - b.priority);
  return usable.find(({ visibility }) => visibility === "list") ?? usable[0];
}

/**
 * The effort after a switch to `model`: the wanted one if the model has it, else the middle one of its
 * efforts, else its default.
 */
export function effortAfterSwitch(
  model: Pick<ModelInfo, "supported_reasoning_levels" | "default_reasoning_level">,
  wanted: ReasoningEffort | undefined,
): ReasoningEffort | undefined {
  const efforts = model.supported_reasoning_levels.map(({ effort }) => effort);
  if (wanted !== undefined && efforts.includes(wanted)) return wanted;
  const middle = efforts[Math.floor((efforts.length - 1) / 2)];
  return middle ?? model.default_reasoning_level ?? undefined;
}
