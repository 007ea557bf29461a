export { type CheckedConfigFile, checkConfigFile } from "./check-config-file.ts";
export { type Environment, findCodexHome } from "./codex-home.ts";
export type {
  AgentRole,
  Config,
  ConfigOverrides,
  McpServerConfig,
  McpToolApprovalMode,
  McpTransport,
  OpenSection,
  ShellEnvironmentPolicy,
  SkillSwitch,
  TuiConfig,
  WebSearchConfig,
} from "./config.ts";
export {
  addMcpServerEdits,
  featureEdits,
  type NewMcpServer,
  removeMcpServerEdits,
  settingEdits,
  trustEdits,
  unsettingEdits,
} from "./config-edits.ts";
export { loadDotenv } from "./dotenv.ts";
export { type EditedConfigFile, editConfigFile } from "./edit-config-file.ts";
export { editToml, type TomlEdit } from "./edit-toml.ts";
export {
  ConfigError,
  type ConfigErrorCode,
  type ConfigPlace,
  type ConfigWarning,
  formatPlace,
} from "./errors.ts";
export { formatKeyPath } from "./key-path.ts";
export { layerLines } from "./layer-lines.ts";
export type { ConfigLayer, ConfigLayerName, ReadFile } from "./layers.ts";
export { type LoadConfigOptions, type LoadedConfig, loadConfig } from "./load-config.ts";
export { type ConfigOrigin, type ConfigOriginName, formatOrigin } from "./origins.ts";
export {
  type CliOverride,
  type CliOverrides,
  parseCliOverride,
  type ParsedOverride,
  splitKey,
} from "./overrides.ts";
export type {
  AllowedValues,
  ConfigRequirements,
  McpServerIdentity,
  RequiredCommandRules,
} from "./requirements.ts";
export {
  type ConfigReport,
  formatConfig,
  type ReportedLayer,
  type ReportedOrigin,
  reportConfig,
  withoutSecrets,
} from "./show-config.ts";
export { findProjectRoot, findTrustRoot } from "./project-root.ts";
export type { TomlDate, TomlTable, TomlValue } from "./toml.ts";
export type { TomlPath, TomlPathSegment } from "./toml-positions.ts";
export type { TrustLevel } from "./trust.ts";
export { webSearchModeForTurn } from "./web-search.ts";
