// Loading: read the layers, decide which count, merge them once, check, resolve.
import nodeOs from "node:os";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { closestName } from "@codex-ts/features";
import type { AskForApproval, SandboxMode } from "@codex-ts/protocol";
import type { Environment } from "./codex-home.ts";
import type { Config, ConfigOverrides } from "./config.ts";
import { ConfigError, formatPlace } from "./errors.ts";
import { mergeTables, valueAt } from "./key-path.ts";
import {
  type ConfigLayer,
  type LayerReading,
  type ReadFile,
  readFileFromDisk,
  readFileLayer,
  readProjectLayer,
  readText,
} from "./layers.ts";
import { type ConfigOrigin, createOrigins, type Origins, type Stratum } from "./origins.ts";
import { type CliOverrides, overridesTable, parseOverrides, splitKey } from "./overrides.ts";
import { resolvePathValues } from "./path-keys.ts";
import {
  canonical,
  findProjectRoot,
  findTrustRoot,
  foldersBetween,
  isFolder,
} from "./project-root.ts";
import { flagsTable, resolveConfig } from "./resolve-config.ts";
import type { ConfigRequirements } from "./sandbox.ts";
import { profileKeys, settingsShape } from "./settings-shape.ts";
import { fits } from "./shape.ts";
import { emptyTable, isTable, type TomlTable } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";
import { findTrust, untrustedNotice } from "./trust.ts";
import type { ConfigWarning, Settings } from "./validate.ts";

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
  /** Limits from elsewhere, such as the account. A managed file's limits come before them. */
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

function mergeAll(tables: readonly TomlTable[]): TomlTable {
  return tables.reduce(mergeTables, emptyTable());
}

/** What marks the project root. @throws ConfigError when it is not a list of names. */
function rootMarkers(table: TomlTable, origins: Origins): readonly string[] {
  const key = "project_root_markers";
  const markers = table[key];
  if (markers === undefined) return [".git"];
  if (Array.isArray(markers) && markers.every((marker) => typeof marker === "string")) {
    return markers;
  }
  throw new ConfigError("invalid_value", `\`${key}\` must be an array, each element a string`, {
    key,
    place: origins.nearest([key]),
  });
}

interface Project {
  readonly layers: readonly ConfigLayer[];
  /** The main work tree's root, when `cwd` lies in a repository. */
  readonly trustRoot: AbsolutePath | undefined;
}

async function readProject(
  cwd: AbsolutePath,
  codexHome: AbsolutePath,
  userFile: AbsolutePath,
  table: TomlTable,
  markers: readonly string[],
  reading: LayerReading,
): Promise<Project> {
  const [root, trustRoot, realHome] = await Promise.all([
    findProjectRoot(cwd, markers),
    findTrustRoot(cwd),
    canonical(codexHome),
  ]);
  const readOne = async (folder: AbsolutePath): Promise<ConfigLayer | undefined> => {
    const dotCodex = join(folder, ".codex");
    if (!(await isFolder(dotCodex))) return undefined;
    if (dotCodex === codexHome || (await canonical(dotCodex)) === realHome) return undefined;
    const trust = await findTrust(table, [folder, root, trustRoot]);
    const notice = (configFile: AbsolutePath): string =>
      untrustedNotice({ configFile, folder: trustRoot ?? root, userFile, trust });
    return readProjectLayer(dotCodex, trust === "trusted" ? undefined : notice, reading);
  };
  const layers = await Promise.all(foldersBetween(root, cwd).map(readOne));
  return { layers: layers.filter((layer) => layer !== undefined), trustRoot };
}

/** The active profile's name. @throws ConfigError `unknown_profile` when there is no such profile. */
function activeProfile(
  table: TomlTable,
  override: string | undefined,
  origins: Origins,
): string | undefined {
  const named = override ?? table["profile"];
  if (typeof named !== "string") return undefined;
  const profiles = table["profiles"];
  const known = isTable(profiles) ? Object.keys(profiles).toSorted() : [];
  if (known.includes(named)) return named;
  const nearest = closestName(named, known);
  const hint = nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
  const list =
    known.length === 0 ? "no profile is defined" : `the profiles are: ${known.join(", ")}`;
  throw new ConfigError(
    "unknown_profile",
    `config profile \`${named}\` not found${hint} (${list})`,
    {
      key: "profile",
      place: override === undefined ? origins.find(["profile"]) : { override: "--profile" },
    },
  );
}

/** The limits that a managed file sets by what it chooses. */
function managedRequirements(managed: ConfigLayer | undefined): ConfigRequirements {
  if (managed === undefined) return {};
  const source = managed.file ?? "the managed configuration";
  const policy = managed.table["approval_policy"];
  const mode = managed.table["sandbox_mode"];
  return {
    ...(policy !== undefined && {
      approvalPolicies: { values: [policy as AskForApproval], source },
    }),
    ...(mode !== undefined && {
      sandboxModes: {
        values: mode === "read-only" ? [mode] : ["read-only", mode as SandboxMode],
        source,
      },
    }),
  };
}

/** The part of a layer that a profile adds: only the keys that count in one. */
function profileTable(layer: ConfigLayer, name: string | undefined): TomlTable {
  const table = name === undefined ? undefined : valueAt(layer.table, ["profiles", name]);
  const counting = emptyTable();
  for (const key of isTable(table) ? Object.keys(table) : []) {
    const value = isTable(table) && profileKeys.has(key) ? table[key] : undefined;
    if (value !== undefined) counting[key] = value;
  }
  return counting;
}

async function requirementsWarning(
  systemFolder: AbsolutePath | null,
  readFile: ReadFile,
): Promise<readonly string[]> {
  if (systemFolder === null) return [];
  const file = join(systemFolder, "requirements.toml");
  const text = await readText(file, readFile).catch(() => "");
  if (text === undefined) return [];
  return [`${file} is not enforced: this version does not read requirements.`];
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
  const reading = { readFile, home };
  const systemFolder =
    options.systemFolder === undefined ? defaultSystemFolder(platform, env) : options.systemFolder;
  const managedFolder = platform === "win32" ? codexHome : systemFolder;
  const userFile = join(codexHome, "config.toml");
  const flags = overrides.flags ?? {};

  const [items, system, user, managed, ignoredRequirements] = await Promise.all([
    parseOverrides(overrides),
    systemFolder === null
      ? undefined
      : readFileLayer({ type: "system", file: join(systemFolder, "config.toml") }, reading),
    readFileLayer({ type: "user", file: userFile }, reading),
    managedFolder === null
      ? undefined
      : readFileLayer(
          {
            type: "legacyManagedConfigTomlFromFile",
            file: join(managedFolder, "managed_config.toml"),
          },
          reading,
        ),
    requirementsWarning(systemFolder, readFile),
  ]);
  const session: ConfigLayer = {
    name: { type: "sessionFlags" },
    table: resolvePathValues(overridesTable(items), cwd, home),
  };
  const outside = [system, user, session].filter((layer) => layer !== undefined);
  const outsideTable = mergeAll(outside.map(({ table }) => table));
  const strataOf = (layers: readonly ConfigLayer[]): readonly Stratum[] =>
    layers.map((layer) => ({ layer, prefix: [] }));
  const markers = rootMarkers(outsideTable, createOrigins(strataOf(outside), items));
  const project = await readProject(cwd, codexHome, userFile, outsideTable, markers, reading);

  const files = [system, user, ...project.layers].filter((layer) => layer !== undefined);
  const hasManagedFile = managed?.text !== undefined;
  const layers = [
    ...files,
    ...(items.length === 0 ? [] : [session]),
    ...(hasManagedFile ? [managed] : []),
  ];
  const enabled = layers.filter(({ disabledReason }) => disabledReason === undefined);
  const enabledFiles = files.filter(({ disabledReason }) => disabledReason === undefined);
  const above = enabled.filter((layer) => !enabledFiles.includes(layer));
  const allTables = mergeAll(enabled.map(({ table }) => table));
  const profile = activeProfile(
    allTables,
    overrides.profile,
    createOrigins(strataOf(enabled), items),
  );
  const profileStrata = enabled.map((layer): Stratum => ({
    layer,
    prefix: ["profiles", profile ?? ""],
    keys: profileKeys,
  }));

  const base = mergeAll(enabledFiles.map(({ table }) => table));
  const profiled = mergeAll(enabled.map((layer) => profileTable(layer, profile)));
  const aboveTable = mergeAll(above.map(({ table }) => table));
  const table = mergeAll([base, profiled, aboveTable]);
  const flagged = flagsTable(flags);
  const origins = createOrigins(
    [
      ...strataOf(enabledFiles),
      ...(profile === undefined ? [] : profileStrata),
      ...strataOf(above),
    ],
    items,
    new Set(Object.keys(flagged)),
  );

  const { settings, warnings } = await check(table, enabled, origins);
  const refused = warnings.find(({ code }) => code !== "no_effect");
  if (options.strict === true && refused !== undefined) {
    throw new ConfigError("unknown_key", refused.message, refused);
  }
  const notices = project.layers.flatMap(({ disabledReason }) => disabledReason ?? []);
  const config = await resolveConfig(settings, {
    codexHome,
    cwd,
    home,
    env,
    version: options.version,
    platform,
    readFile,
    userFile,
    profile,
    flags,
    trust: await findTrust(table, [cwd, project.trustRoot]),
    requirements: { ...options.requirements, ...managedRequirements(managed) },
    origins,
    table,
    featureTables: { base, profile: profiled, overrides: aboveTable },
    warnings: [
      ...warnings.map(({ place, message }) => `${formatPlace(place)}: ${message}`),
      ...notices,
      ...ignoredRequirements,
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

/** The checked settings, and what is to be said about them. */
async function check(
  table: TomlTable,
  layers: readonly ConfigLayer[],
  origins: Origins,
): Promise<{ readonly settings: Settings; readonly warnings: readonly ConfigWarning[] }> {
  const tables = [table, ...layers.map((layer) => layer.table)];
  if (tables.every((each) => fits(settingsShape, each))) {
    return { settings: table as Settings, warnings: [] };
  }
  const { checkSettings, layerWarnings, loadSchema } = await import("./validate.ts");
  const schema = await loadSchema(tables.some((each) => each["model_providers"] !== undefined));
  return {
    settings: checkSettings(schema, table, origins),
    warnings: layers.flatMap((layer) => [...layerWarnings(schema, layer, origins)]),
  };
}
