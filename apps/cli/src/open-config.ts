// The settings of a run, or a failure that says what is wrong with them.
import { homedir } from "node:os";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import {
  type Config,
  ConfigError,
  type ConfigOverrides,
  findCodexHome,
  loadConfig,
  loadDotenv,
  type LoadedConfig,
} from "@codex-ts/config";
import { chooseOssProvider, defaultOssModel } from "@codex-ts/model-providers";
import { Failure } from "./failure.ts";
import type { ConfigFlags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

export interface OpenConfig {
  readonly loaded: LoadedConfig;
  readonly config: Config;
  readonly env: Terminal["env"];
}

/** The settings of this run; a mistake in them is shown with file, line and column. */
export async function openConfig(
  flags: ConfigFlags,
  terminal: Terminal,
  cwd: AbsolutePath,
  more: ConfigOverrides = {},
): Promise<OpenConfig> {
  return orFailure(async () => {
    const codexHome = await findCodexHome(terminal.env, homedir());
    const env = await loadDotenv({ codexHome, env: terminal.env });
    const load = (overrides: ConfigOverrides): Promise<LoadedConfig> =>
      loadConfig({
        codexHome,
        cwd,
        env,
        version,
        strict: flags.strict,
        overrides: {
          cli: flags.config,
          profile: flags.profile,
          flags: overrides,
        },
      });
    const overrides = { ...flagOverrides(flags), ...more };
    const open = (loaded: LoadedConfig): OpenConfig => ({ loaded, config: loaded.config, env });
    if (flags.oss !== true) return open(await load(overrides));
    const provider = chooseOssProvider({
      flag: flags.localProvider,
      config: flags.localProvider ?? (await load(overrides)).config.ossProvider,
    });
    return open(
      await load({
        ...overrides,
        modelProvider: provider,
        model: flags.model ?? defaultOssModel(provider),
        showRawAgentReasoning: true,
      }),
    );
  });
}

/** The settings of a machine without any settings file, for whoever looks at one whose files are broken. */
export async function openDefaults(terminal: Terminal, cwd: AbsolutePath): Promise<OpenConfig> {
  return orFailure(async () => {
    const codexHome = await findCodexHome(terminal.env, homedir());
    const readFile = async (path: AbsolutePath): Promise<never> => {
      throw Object.assign(new Error(`${path} is not looked at`), { code: "ENOENT" });
    };
    const loaded = await loadConfig({ codexHome, cwd, env: terminal.env, version, readFile });
    return { loaded, config: loaded.config, env: terminal.env };
  });
}

/** Does what may find the settings at fault, and shows the fault with file, line and column. */
export async function orFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.display, { cause: error });
    throw error;
  }
}

function flagOverrides(flags: ConfigFlags): ConfigOverrides {
  const sandboxMode = flags.bypass
    ? "danger-full-access"
    : flags.fullAuto
      ? "workspace-write"
      : flags.sandbox;
  return {
    model: flags.model,
    sandboxMode,
    additionalWritableRoots: flags.addDirs,
  };
}
