// Loading: read the layers, decide which count, merge them once, check, resolve.
import nodeOs from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { checkSettings, layerWarnings } from "./check-settings.ts";
import type { Environment } from "./codex-home.ts";
import type { Config, ConfigOverrides } from "./config.ts";
import { ConfigError, type ConfigWarning, formatPlace } from "./errors.ts";
import { mergeTables } from "./key-path.ts";
import { type ConfigLayer, type ReadFile, readFileFromDisk, readFileLayer } from "./layers.ts";
import type { ConfigOrigin } from "./origins.ts";
import { type CliOverrides, overridesTable, parseOverrides, splitKey } from "./overrides.ts";
import { resolvePathValues } from "./path-keys.ts";
import { readProject, rootMarkers } from "./project-layers.ts";
import {
  combineRequirements,
  type ConfigRequirements,
  managedRequirements,
} from "./requirements.ts";
import { readRequirements } from "./requirements-file.ts";
import { flagsTable, resolveConfig } from "./resolve-config.ts";
import { skillSwitches } from "./skill-switches.ts";
import { buildStack, layerOrigins, mergeLayers } from "./stack.ts";
import type { TomlTable } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";
import { findTrust } from "./trust.ts";

/** Where the layers of the configuration are, and what stands above them. */
export interface LoadConfigOptions {
  /** The person's folder; see `findCodexHome`. */
  readonly codexHome: AbsolutePath;
  /** The session's folder. */
  readonly cwd: AbsolutePath;
  readonly env: Environment;
  /** This product's version; the built-in provider sends it. */
  readonly version: string;
  readonly overrides?:
    | (CliOverrides & {
        /** What a program sets itself; stands above everything. */
        readonly flags?: ConfigOverrides | undefined;
        /** The profile to use instead of the files' own choice. */
        readonly profile?: string | undefined;
      })
    | undefined;
  /** Limits from elsewhere, such as the account; they come before those of the machine. */
  readonly requirements?: ConfigRequirements | undefined;
  /** Refuse unknown keys and features instead of warning of them. */
  readonly strict?: boolean | undefined;
  /** What `~` stands for; by default the home folder of this account. */
  readonly home?: string | undefined;
  /** Where the machine's own files lie; null: nowhere. By default `/etc/codex` or its Windows kin. */
  readonly systemFolder?: AbsolutePath | null | undefined;
  readonly readFile?: ReadFile | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** A configuration, and where each part of it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Every layer, lowest first, those that do not count included. */
  readonly layers: readonly ConfigLayer[];
  /** The settings as merged, in the words of the file, with the active profile and the flags applied. */
  readonly effective: TomlTable;
  /** Keys that mean nothing. Their texts are among the startup warnings too. */
  readonly warnings: readonly ConfigWarning[];
  /** Where the effective value of a key was set; undefined for a default. */
  readonly originOf: (key: string | TomlPath) => ConfigOrigin | undefined;
  /** Every effective value that is no default, by its dotted key. */
  readonly origins: () => ReadonlyMap<string, ConfigOrigin>;
}

function defaultSystemFolder(platform: NodeJS.Platform, env: Environment): AbsolutePath {
  if (platform !== "win32") return fromAbsolute("/etc/codex");
  return join(fromAbsolute(env["ProgramData"] ?? "C:\\ProgramData"), "OpenAI", "Codex");
}

/**
 * Loads the configuration of one session. Highest first, a value comes from: the flags of a program,
 * the managed file, `-c` / `--enable` / `--disable`, the active profile, the project's files (nearest
 * folder first, trusted projects only), the person's file, the machine's file, the default.
 *
 * @throws ConfigError when a file cannot be read or used; it says where and what is allowed.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { codexHome, cwd, env, readFile = readFileFromDisk, overrides = {} } = options;
  const platform = options.platform ?? process.platform;
  const home = options.home ?? nodeOs.homedir();
  const systemFolder =
    options.systemFolder === undefined ? defaultSystemFolder(platform, env) : options.systemFolder;
  const managedFolder = platform === "win32" ? codexHome : systemFolder;
  const userFile = join(codexHome, "config.toml");
  const flags = overrides.flags ?? {};
  const flagged = flagsTable(flags);

  const readIn = (
    folder: AbsolutePath | null,
    type: "system" | "user" | "legacyManagedConfigTomlFromFile",
    name: string,
  ) =>
    folder === null
      ? undefined
      : readFileLayer({ type, file: join(folder, name) }, { readFile, home });
  const [items, system, user, managed, machineLimits] = await Promise.all([
    parseOverrides(overrides),
    readIn(systemFolder, "system", "config.toml"),
    readIn(codexHome, "user", "config.toml"),
    readIn(managedFolder, "legacyManagedConfigTomlFromFile", "managed_config.toml"),
    readRequirements(systemFolder, readFile),
  ]);
  const session: ConfigLayer = {
    name: { type: "sessionFlags" },
    table: resolvePathValues(overridesTable(items), cwd, home),
  };
  const machine = [system, user].filter((layer) => layer !== undefined);
  const outside = [...machine, session];
  const outsideTable = mergeLayers(outside);
  const markers = rootMarkers(outsideTable, layerOrigins(outside, items));
  const project = await readProject(outsideTable, {
    readFile,
    home,
    cwd,
    codexHome,
    userFile,
    markers,
  });

  const isEnabled = ({ disabledReason }: ConfigLayer) => disabledReason === undefined;
  const files = [...machine, ...project.layers];
  const above = [
    ...(items.length === 0 ? [] : [session]),
    ...(managed?.text === undefined ? [] : [managed]),
  ];
  const stack = buildStack({
    files: files.filter(isEnabled),
    above,
    overrides: items,
    profile: overrides.profile,
    flagged,
  });
  const { table, origins } = stack;
  const layers = [...files, ...above];
  const settings = await checkSettings(table, origins);
  const counting = layers.filter(isEnabled);
  const warnings = counting.flatMap((layer) => [...layerWarnings(layer, origins)]);
  const refused = warnings.find(({ code }) => code !== "no_effect");
  if (options.strict === true && refused !== undefined) {
    throw new ConfigError("unknown_key", refused.message, refused);
  }
  const config = await resolveConfig(settings, {
    codexHome,
    cwd,
    home,
    env,
    version: options.version,
    platform,
    readFile,
    userFile,
    stack,
    flags,
    trust: await findTrust(table, [cwd, project.trustRoot]),
    trustRoot: project.trustRoot,
    requirements: combineRequirements([
      options.requirements,
      machineLimits.requirements,
      managedRequirements(managed),
    ]),
    rootMarkers: markers,
    skillSwitches: skillSwitches(counting, origins),
    warnings: [
      ...warnings.map(({ place, message }) => `${formatPlace(place)}: ${message}`),
      ...(project.notice === undefined ? [] : [project.notice]),
      ...machineLimits.warnings,
    ],
  });
  const effective = mergeTables(table, flagged);
  return {
    config,
    layers,
    effective,
    warnings,
    originOf: (key) => origins.find(typeof key === "string" ? splitKey(key) : key),
    origins: () => origins.all(effective),
  };
}
