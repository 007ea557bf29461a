export { closestName } from "./closest-name.ts";
export { type FeatureListRow, featureListRows, formatFeatureList } from "./feature-list.ts";
export {
  FeaturePinError,
  type FeatureSource,
  type Features,
  type LegacyFeatureUse,
  type ResolvedFeatures,
  defaultFeatures,
  featuresFromSources,
} from "./features.ts";
export {
  type DeprecationNotice,
  legacyFeatureNotices,
  missingFeatureNotices,
  underDevelopmentWarning,
} from "./notices.ts";
export {
  type FeatureKey,
  type FeatureMenuEntry,
  type FeatureSpec,
  type FeatureStage,
  featureAliases,
  featureForKey,
  featureSpecs,
  isFeatureKey,
  isKnownFeatureKey,
  knownFeatureKeys,
} from "./registry.ts";
