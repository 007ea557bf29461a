// The models as a picker shows them.
import type { ModelInfo, ReasoningEffort } from "@codex-ts/protocol";
import { defaultModel } from "./choose-model.ts";

/** A model as a picker offers it. */
export interface ModelPreset {
  /** The slug, as a request asks for it. */
  readonly model: string;
  readonly displayName: string;
  readonly description: string;
  readonly defaultEffort: ReasoningEffort;
  /** The reasoning efforts that the model knows, each with a sentence for the picker. */
  readonly efforts: ModelInfo["supported_reasoning_levels"];
  /** The newer model for what one does with this one. */
  readonly upgrade: ModelUpgrade | null;
  /** Whether it is the model of a person who has named none. Exactly one of a list is. */
  readonly isDefault: boolean;
  /** The others can be used by those who know their name. */
  readonly showInPicker: boolean;
}

/** The model that the provider recommends in another's place. */
export interface ModelUpgrade {
  readonly model: string;
  /** The effort there for each of the six efforts; null when nothing is known of that model's. */
  readonly effortMapping: Readonly<Record<ReasoningEffort, ReasoningEffort>> | null;
  /** Markdown, for the person. */
  readonly text: string;
}

const ranks = ["none", "minimal", "low", "medium", "high", "xhigh"] satisfies ReasoningEffort[];

/** By priority, the best first. An API key gets those alone that work with one. */
export function listModels(
  catalogue: readonly ModelInfo[],
  { chatgpt }: { /** Whether the login is one with ChatGPT. */ readonly chatgpt: boolean },
): readonly ModelPreset[] {
  const chosen = defaultModel(catalogue, { chatgpt });
  return catalogue
    .filter(({ supported_in_api }) => chatgpt || supported_in_api)
    .toSorted((a, b) => a.priority - b.priority)
    .map((model) => ({
      model: model.slug,
      displayName: model.display_name,
      description: model.description ?? "",
      defaultEffort: model.default_reasoning_level ?? "none",
      efforts: model.supported_reasoning_levels,
      upgrade: upgradeOf(model, catalogue),
      isDefault: model === chosen,
      showInPicker: model.visibility === "list",
    }));
}

function upgradeOf({ upgrade }: ModelInfo, catalogue: readonly ModelInfo[]): ModelUpgrade | null {
  if (upgrade == null) return null;
  const target = catalogue.find(({ slug }) => slug === upgrade.model);
  return {
    model: upgrade.model,
    effortMapping: effortMapping(target?.supported_reasoning_levels ?? []),
    text: upgrade.migration_markdown,
  };
}

/** Each effort's nearest one of `supported`; the earlier in the list where two are as near. */
function effortMapping(supported: ModelInfo["supported_reasoning_levels"]) {
  const rank = (effort: ReasoningEffort) => ranks.indexOf(effort);
  const [first] = supported;
  if (first === undefined) return null;
  const nearest = (effort: ReasoningEffort) =>
    supported.reduce(
      (best, { effort: each }) =>
        Math.abs(rank(each) - rank(effort)) < Math.abs(rank(best) - rank(effort)) ? each : best,
      first.effort,
    );
  const entries = ranks.map((effort) => [effort, nearest(effort)] as const);
  return Object.fromEntries(entries) as Record<ReasoningEffort, ReasoningEffort>;
}
