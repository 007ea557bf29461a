// `codex-ts features …`: every feature flag and its state; switching one in config.toml.
import {
  closestName,
  defaultFeatures,
  featureForKey,
  type FeatureKey,
  featureListRows,
  featureSpecs,
  featuresFromSources,
  formatFeatureList,
  knownFeatureKeys,
  missingFeatureNotices,
  underDevelopmentWarning,
} from "@codex-ts/features";
import { editConfigFile, featureEdits, formatOrigin, type LoadedConfig } from "@codex-ts/config";
import { Failure } from "../failure.ts";
import type { ConfigFlags } from "../flags.ts";
import { openConfig, orFailure } from "../open-config.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";
import { userFileOf } from "./config.ts";

async function load(flags: ConfigFlags, terminal: Terminal): Promise<LoadedConfig> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  return (await openConfig(flags, terminal, cwd)).loaded;
}

export async function runFeaturesList(
  { config: flags, json }: { readonly config: ConfigFlags; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { config } = await load(flags, terminal);
  const rows = featureListRows(config.features);
  if (!json) {
    terminal.stdout(formatFeatureList(rows));
    return 0;
  }
  const specs = new Map(featureSpecs().map((spec) => [spec.key, spec]));
  const listed = rows.map(({ key, stage, enabled, implemented }) => {
    const spec = specs.get(key);
    const defaultEnabled = spec?.defaultEnabled ?? false;
    return {
      name: key,
      stage,
      enabled,
      default_enabled: defaultEnabled,
      implemented,
      purpose: spec?.purpose,
    };
  });
  terminal.stdout(`${JSON.stringify(listed, null, 2)}\n`);
  return 0;
}

/** Switches a feature in the person's own file, in the profile that is named or for all of them. */
export async function runFeaturesSwitch(
  {
    config: flags,
    feature: name,
    enabled,
  }: { readonly config: ConfigFlags; readonly feature: string; readonly enabled: boolean },
  terminal: Terminal,
): Promise<number> {
  const feature = featureNamed(name);
  const { profile, ...allProfiles } = flags;
  const before = await load(allProfiles, terminal);
  const file = await userFileOf(terminal);
  const edits = featureEdits(feature, enabled, {
    isOnWithout: isOnWithout(before, feature),
    profile,
  });
  await orFailure(() => editConfigFile(file, edits));
  terminal.stdout(`${enabled ? "Enabled" : "Disabled"} feature \`${feature}\` in config.toml.\n`);
  if (name !== feature) terminal.stderr(`note: \`${name}\` is an older name of \`${feature}\`\n`);

  const after = await load(flags, terminal);
  if (enabled) {
    const features = defaultFeatures().with({ [feature]: true });
    const suppress = after.effective["suppress_unstable_features_warning"] === true;
    const unfinished =
      profile === undefined
        ? underDevelopmentWarning({ features }, { suppress, configPath: file })
        : undefined;
    const missing = missingFeatureNotices({ features, requested: new Map([[feature, true]]) });
    for (const warning of [unfinished, ...missing.map(({ message }) => message)]) {
      if (warning !== undefined) terminal.stderr(`${warning}\n`);
    }
  }
  if (after.config.features.enabled(feature) !== enabled) {
    const origin = after.originOf(["features", feature]);
    const why =
      origin === undefined || origin.path === file
        ? "something else that is set decides it"
        : `so says ${formatOrigin(origin)}`;
    terminal.stderr(
      `note: here \`${feature}\` is ${enabled ? "off" : "on"} all the same: ${why}\n`,
    );
  }
  return 0;
}

/** @throws Failure for a name that nobody knows. */
function featureNamed(name: string): FeatureKey {
  const feature = featureForKey(name);
  if (feature !== undefined) return feature;
  const nearest = closestName(name, knownFeatureKeys());
  const hint =
    nearest === undefined ? "codex-ts features list shows all" : `did you mean ${nearest}?`;
  throw new Failure(`Unknown feature flag: ${name} (${hint})`);
}

/** Whether the feature is on where the person's own file says nothing of it. */
function isOnWithout({ layers }: LoadedConfig, feature: FeatureKey): boolean {
  const table = layers.find(({ name }) => name.type === "system")?.table["features"];
  const features = (table ?? {}) as Readonly<Record<string, boolean>>;
  return featuresFromSources({ base: { features } }).features.enabled(feature);
}
