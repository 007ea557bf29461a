// What a person is told about the features that they switched.
import type { LegacyFeatureUse, ResolvedFeatures } from "./features.ts";
import { type FeatureKey, featureSpecs } from "./registry.ts";

/** Something that still works and should be written differently; the shape of the event. */
export interface DeprecationNotice {
  readonly summary: string;
  readonly details?: string;
}

/** Where the settings of the shared config file are documented. */
const documentation = "https://developers.openai.com/codex/config-basic#feature-flags";

function noticeFor({ alias, feature, label }: LegacyFeatureUse): DeprecationNotice {
  if (alias === feature || feature === "web_search_request") {
    return {
      summary: `\`${label}\` is deprecated: web search has a setting of its own and is on by default.`,
      details:
        'Set `web_search` to "live", "cached" or "disabled", at the top level of config.toml or in a profile.',
    };
  }
  return {
    summary: `\`${label}\` is deprecated; use \`[features].${feature}\`.`,
    details: `Switch it on with \`--enable ${feature}\` or with \`[features].${feature}\` in config.toml. See ${documentation}.`,
  };
}

/** One notice for each older name that the sources used, sorted by that name. */
export function legacyFeatureNotices(
  resolved: Pick<ResolvedFeatures, "legacyUses">,
): readonly DeprecationNotice[] {
  return resolved.legacyUses.map(noticeFor);
}

/**
 * The warning that unfinished features are on, or undefined when none is (one that is complete here does
 * not count) or the person has switched
 * the warning off. It counts what is on after resolution, whichever source or older name did it.
 */
export function underDevelopmentWarning(
  resolved: Pick<ResolvedFeatures, "features">,
  options: {
    /** The `suppress_unstable_features_warning` setting. */
    readonly suppress?: boolean | undefined;
    /** The config file to name as the place for that setting. */
    readonly configPath: string;
  },
): string | undefined {
  if (options.suppress === true) return undefined;
  const unfinished = new Set(
    featureSpecs()
      .filter(({ stage, complete }) => stage === "under development" && !complete)
      .map(({ key }) => key),
  );
  const named = resolved.features.enabledFeatures().filter((key) => unfinished.has(key));
  if (named.length === 0) return undefined;
  return `Under-development features enabled: ${named.join(", ")}. They are incomplete and may change or fail. To hide this warning, set \`suppress_unstable_features_warning = true\` in ${options.configPath}.`;
}

/**
 * A notice for each feature that a source switched on and that this product does not have. Removed
 * features are left out: their names are accepted everywhere and mean nothing anywhere.
 */
export function missingFeatureNotices(
  resolved: Pick<ResolvedFeatures, "features" | "requested">,
): readonly { readonly feature: FeatureKey; readonly message: string }[] {
  return featureSpecs()
    .filter(({ key, implemented, stage }) => {
      const asked = resolved.requested.get(key) === true && resolved.features.enabled(key);
      return asked && !implemented && stage !== "removed" && stage !== "deprecated";
    })
    .map(({ key, purpose }) => ({
      feature: key,
      message: `The feature \`${key}\` is switched on, but this version does not have it, so the setting has no effect. (${purpose}.)`,
    }));
}
