// Features, from what each part of the stack says of them.
import {
  FeaturePinError,
  type FeatureSource,
  featuresFromSources,
  missingFeatureNotices,
  type ResolvedFeatures,
  underDevelopmentWarning,
} from "@codex-ts/features";
import type { ConfigOverrides } from "./config.ts";
import { ConfigError } from "./errors.ts";
import type { ConfigRequirements } from "./requirements.ts";
import type { Stack } from "./stack.ts";
import { isTable, type TomlTable } from "./toml.ts";

const looseToggles = [
  "experimental_use_freeform_apply_patch",
  "experimental_use_unified_exec_tool",
] as const;
const profileToggles = ["include_apply_patch_tool", ...looseToggles] as const;

/** What a table says of features. A wrong type in a value that does not count is nobody's concern. */
function featureSource(
  table: TomlTable,
  toggles: readonly (keyof FeatureSource)[] = looseToggles,
): FeatureSource {
  const features = table["features"];
  const onlySwitches = (entries: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(
      entries.filter((entry): entry is readonly [string, boolean] => typeof entry[1] === "boolean"),
    );
  return {
    features: onlySwitches(isTable(features) ? Object.entries(features) : []),
    ...onlySwitches(toggles.map((key) => [key, table[key]])),
  };
}

/**
 * Which features are on: by the files, then the profile, then what stands above it, then the pins.
 *
 * @throws ConfigError `invalid_value` when what is on needs a feature that is pinned off.
 */
export function resolveFeatures(
  { base, profiled, above }: Pick<Stack, "above" | "base" | "profiled">,
  { includeApplyPatchTool: include }: ConfigOverrides,
  platform: NodeJS.Platform,
  pinned: ConfigRequirements["features"],
): ResolvedFeatures {
  try {
    return featuresFromSources({
      base: featureSource(base),
      profile: featureSource(profiled, profileToggles),
      overrides: {
        ...featureSource(above),
        ...(include !== undefined && { include_apply_patch_tool: include }),
      },
      pins: pinned?.pins,
      platform,
    });
  } catch (error) {
    if (!(error instanceof FeaturePinError)) throw error;
    const pins = Object.entries(pinned?.pins ?? {}).map(([key, value]) => `${key} = ${value}`);
    throw new ConfigError(
      "invalid_value",
      `${error.message}; ${pinned?.source} pins ${pins.join(", ")}`,
      { key: `features.${error.feature}`, cause: error },
    );
  }
}

/** What is to be said of features that are not finished, or not there. */
export function featureWarnings(
  resolved: ResolvedFeatures,
  options: { readonly suppress: boolean | undefined; readonly configPath: string },
): readonly string[] {
  const unfinished = underDevelopmentWarning(resolved, options);
  const missing = missingFeatureNotices(resolved).map(({ message }) => message);
  return unfinished === undefined ? missing : [unfinished, ...missing];
}
