// The registry with its effective state, as a listing shows it.
import type { Features } from "./features.ts";
import { type FeatureKey, type FeatureStage, featureSpecs } from "./registry.ts";

/** A feature of the registry and its effective state. */
export interface FeatureListRow {
  readonly key: FeatureKey;
  readonly stage: FeatureStage;
  readonly enabled: boolean;
  /**
   * Whether this program does anything with the feature; one that is not can be set all the same.
   */
  readonly implemented: boolean;
}

/** One row a feature, sorted by key. */
export function featureListRows(
  features: Features,
  platform: NodeJS.Platform = process.platform,
): readonly FeatureListRow[] {
  return featureSpecs(platform)
    .map(({ key, stage, implemented }) => ({
      key,
      stage,
      enabled: features.enabled(key),
      implemented,
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The rows as lines: key, stage and state, each column padded to its widest, two blanks between. */
export function formatFeatureList(rows: readonly FeatureListRow[]): string {
  const keyWidth = Math.max(0, ...rows.map(({ key }) => key.length));
  const stageWidth = Math.max(0, ...rows.map(({ stage }) => stage.length));
  return rows
    .map(
      ({ key, stage, enabled }) =>
        `${key.padEnd(keyWidth)}  ${stage.padEnd(stageWidth)}  ${enabled}\n`,
    )
    .join("");
}
