// Everything that is wrong with one config file, found without running anything.
import nodeOs from "node:os";
import { type AbsolutePath, parent } from "@codex-ts/absolute-path";
import { layerWarnings, settingsProblems } from "./check-settings.ts";
import type { Environment } from "./codex-home.ts";
import { problemErrors } from "./diagnose.ts";
import { ConfigError, type ConfigWarning } from "./errors.ts";
import { readFileFromDisk, readFileLayer } from "./layers.ts";
import { rootMarkers } from "./project-layers.ts";
import { resolveConfig } from "./resolve-config.ts";
import { buildStack, layerOrigins } from "./stack.ts";
import { emptyTable, isTable } from "./toml.ts";

/** What was found, in the order of the file. */
export interface CheckedConfigFile {
  readonly errors: readonly ConfigError[];
  /** Keys that nobody knows, and such without effect. */
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Checks a file as if it were the person's config.toml: syntax, types, unknown keys, and for the file
 * as a whole and each of its profiles whether the parts fit together.
 *
 * @throws ConfigError `unreadable_file` when there is no such file.
 */
export async function checkConfigFile(
  file: AbsolutePath,
  options: {
    readonly env: Environment;
    readonly version: string;
    /** What `~` stands for; by default the home folder of this account. */
    readonly home?: string | undefined;
    readonly platform?: NodeJS.Platform | undefined;
  },
): Promise<CheckedConfigFile> {
  const home = options.home ?? nodeOs.homedir();
  const layer = await readFileLayer(
    { type: "user", file },
    { readFile: readFileFromDisk, home },
  ).catch((error: unknown) => {
    if (error instanceof ConfigError && error.code === "syntax") return error;
    throw error;
  });
  if (layer instanceof ConfigError) return { errors: [layer], warnings: [] };
  if (layer.text === undefined) {
    throw new ConfigError("unreadable_file", "there is no such file", { place: { path: file } });
  }
  const origins = layerOrigins([layer], []);
  const warnings = [...layerWarnings(layer, origins)];
  const problems = await settingsProblems(layer.table);
  if (problems.length > 0) return { errors: problemErrors(problems, origins), warnings };

  const folder = parent(file) ?? file;
  const profiles = layer.table["profiles"];
  const names = [undefined, ...(isTable(profiles) ? Object.keys(profiles) : [])];
  const found = new Map<string, ConfigError>();
  for (const profile of names) {
    try {
      const stack = buildStack({
        files: [layer],
        above: [],
        overrides: [],
        profile,
        flagged: emptyTable(),
      });
      await resolveConfig(stack.table, {
        codexHome: folder,
        cwd: folder,
        home,
        env: options.env,
        version: options.version,
        platform: options.platform ?? process.platform,
        readFile: readFileFromDisk,
        userFile: file,
        stack,
        flags: {},
        trustRoot: undefined,
        trust: undefined,
        requirements: {},
        rootMarkers: rootMarkers(stack.table, origins),
        skillSwitches: [],
        warnings: [],
      });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      found.set(error.display, error);
    }
  }
  return { errors: [...found.values()], warnings };
}
