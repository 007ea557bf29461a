// The set of features that are on: a value, made from defaults and what the sources say.
import { type FeatureKey, type FeatureSpec, featureForKey, featureSpecs } from "./registry.ts";

/** Which features are on. Immutable: {@link Features.with} gives a new value. */
export interface Features {
  /** Whether the feature is on. */
  enabled(key: FeatureKey): boolean;
  /** The features that are on, in registry order. */
  enabledFeatures(): readonly FeatureKey[];
  /**
   * The same set with these switched; what depends on them follows. A change against a pin is accepted
   * and changes nothing.
   *
   * @throws FeaturePinError when what follows breaks a pin.
   */
  with(changes: FeatureSwitches): Features;
}

/** Features to switch on or off. */
type FeatureSwitches = Readonly<Partial<Record<FeatureKey, boolean>>>;

/** Thrown when a feature has to be on or off and another one that is on makes it the opposite. */
export class FeaturePinError extends Error {
  override readonly name = "FeaturePinError";
  readonly code = "pin_broken";
  /** The feature that is pinned. */
  readonly feature: FeatureKey;

  constructor(feature: FeatureKey, pinned: boolean) {
    super(
      `\`${feature}\` has to be ${pinned ? "on" : "off"}, and a feature that is on needs the opposite`,
    );
    this.feature = feature;
  }
}

/** One place that can switch features, shaped as it stands in a config file. */
export interface FeatureSource {
  /** The `[features]` table. */
  readonly features?: Readonly<Record<string, boolean>> | undefined;
  /** Older switches that stand outside `[features]`; the table wins over them. */
  readonly include_apply_patch_tool?: boolean | undefined;
  readonly experimental_use_freeform_apply_patch?: boolean | undefined;
  readonly experimental_use_unified_exec_tool?: boolean | undefined;
}

/** An older name that a source used, and the feature that it stands for. */
export interface LegacyFeatureUse {
  readonly alias: string;
  readonly feature: FeatureKey;
  /** How the setting reads in a config file: `[features].collab`, or a bare top-level key. */
  readonly label: string;
}

/** What became of the sources. */
export interface ResolvedFeatures {
  readonly features: Features;
  /** What the sources said of each feature; the last one to speak is listed. */
  readonly requested: ReadonlyMap<FeatureKey, boolean>;
  /** Each older name once, sorted. */
  readonly legacyUses: readonly LegacyFeatureUse[];
  /** Names that are no feature, each once, in the order met. */
  readonly unknownKeys: readonly string[];
}

const looseToggles = [
  "include_apply_patch_tool",
  "experimental_use_freeform_apply_patch",
  "experimental_use_unified_exec_tool",
] as const;

const deprecatedWebSearchKeys: ReadonlySet<string> = new Set([
  "web_search_request",
  "web_search_cached",
]);

function applyDependencies(on: Set<FeatureKey>): void {
  if (on.has("enable_fanout")) on.add("multi_agent");
  if (on.has("code_mode_only")) on.add("code_mode");
  if (!on.has("js_repl")) on.delete("js_repl_tools_only");
}

function makeFeatures(
  on: ReadonlySet<FeatureKey>,
  order: readonly FeatureSpec[],
  pins: FeatureSwitches,
): Features {
  return {
    enabled: (key) => on.has(key),
    enabledFeatures: () => order.map(({ key }) => key).filter((key) => on.has(key)),
    with(changes) {
      const next = new Set(on);
      for (const [name, value] of [...Object.entries(changes), ...Object.entries(pins)]) {
        const key = featureForKey(name);
        if (key === undefined || value === undefined) continue;
        if (value) next.add(key);
        else next.delete(key);
      }
      applyDependencies(next);
      for (const { key } of order) {
        const pinned = pins[key];
        if (pinned !== undefined && pinned !== next.has(key))
          throw new FeaturePinError(key, pinned);
      }
      return makeFeatures(next, order, pins);
    },
  };
}

/** The features that are on when no source says anything. */
export function defaultFeatures(platform: NodeJS.Platform = process.platform): Features {
  return fromDefaults(platform, {});
}

function fromDefaults(platform: NodeJS.Platform | undefined, pins: FeatureSwitches): Features {
  const specs = featureSpecs(platform);
  const on = new Set(specs.filter((spec) => spec.defaultEnabled).map(({ key }) => key));
  return makeFeatures(on, specs, pins);
}

interface Switch {
  readonly feature: FeatureKey;
  readonly name: string;
  readonly label: string;
  readonly value: boolean;
}

/** The switches of one source in the order in which they count: loose ones, aliases, canonical keys. */
function switchesOf(source: FeatureSource, unknownKeys: Set<string>): readonly Switch[] {
  const aliases: Switch[] = [];
  const canonical: Switch[] = [];
  for (const name of looseToggles) {
    const value = source[name];
    const feature = featureForKey(name);
    if (value === undefined || feature === undefined) continue;
    aliases.push({ feature, name, label: name, value });
  }
  for (const [name, value] of Object.entries(source.features ?? {}).toSorted(byKey)) {
    const feature = featureForKey(name);
    if (feature === undefined) {
      unknownKeys.add(name);
      continue;
    }
    const list = feature === name ? canonical : aliases;
    list.push({ feature, name, label: `[features].${name}`, value });
  }
  return [...aliases, ...canonical];
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/**
 * Resolves the features: defaults, then the base settings, then the profile, then the overrides of
 * this run. Within one source a feature's canonical key wins over its older names. What a feature
 * needs is switched on with it, at the end. Pins hold whatever the sources say.
 *
 * @throws FeaturePinError when another feature breaks a pin.
 */
export function featuresFromSources(sources: {
  readonly base?: FeatureSource | undefined;
  readonly profile?: FeatureSource | undefined;
  readonly overrides?: FeatureSource | undefined;
  /** Features that an administrator has switched for good. */
  readonly pins?: FeatureSwitches | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}): ResolvedFeatures {
  const requested = new Map<FeatureKey, boolean>();
  const legacyUses = new Map<string, LegacyFeatureUse>();
  const unknownKeys = new Set<string>();
  for (const source of [sources.base, sources.profile, sources.overrides]) {
    if (source === undefined) continue;
    for (const { feature, name, label, value } of switchesOf(source, unknownKeys)) {
      requested.set(feature, value);
      if (name !== feature || deprecatedWebSearchKeys.has(name)) {
        legacyUses.set(label, { alias: name, feature, label });
      }
    }
  }
  return {
    features: fromDefaults(sources.platform, sources.pins ?? {}).with(
      Object.fromEntries(requested),
    ),
    requested,
    legacyUses: [...legacyUses.values()].toSorted((a, b) =>
      a.alias === b.alias ? 0 : a.alias < b.alias ? -1 : 1,
    ),
    unknownKeys: [...unknownKeys],
  };
}
