// Puts the engine together for one run: settings, credentials, provider, sandbox, threads.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { type Config, type LoadedConfig, webSearchModeForTurn } from "@codex-ts/config";
import { type ThreadConfig, ThreadManager } from "@codex-ts/core";
import { createLocalEnvironment } from "@codex-ts/exec-server";
import {
  createHttpTransport,
  type HeaderFields,
  hostFacts,
  type HttpTransport,
  identityHeaders,
  resolveOriginator,
  terminalName,
  userAgent,
} from "@codex-ts/http-client";
import type { SessionSource } from "@codex-ts/protocol";
import type { ResponsesClient } from "@codex-ts/responses-client";
import { createSandbox } from "@codex-ts/sandboxing";
import { defaultShell, systemShellLookups } from "@codex-ts/shell-command";
import { commandEnvironment } from "./command-environment.ts";
import { openConfig } from "./open-config.ts";
import { findHooks, openHooks } from "./open-hooks.ts";
import { openModelAccess } from "./open-model-access.ts";
import { openRules } from "./open-rules.ts";
import { openTracing } from "./open-tracing.ts";
import { openSkills } from "./open-skills.ts";
import type { ConfigFlags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";
import { splitPermissions } from "./split-permissions.ts";
import { version } from "./version.ts";

export interface Engine extends AsyncDisposable {
  readonly config: Config;
  readonly threadConfig: ThreadConfig;
  readonly manager: ThreadManager;
  /** What the sandbox lacks on this machine for the commands that have run, and the way to get it. */
  sandboxWarnings(): Promise<readonly string[]>;
  /** The sandbox in force, in a few words. */
  sandboxSummary(): Promise<string>;
}

export interface OpenEngineOptions {
  readonly flags: ConfigFlags;
  readonly terminal: Terminal;
  readonly cwd: AbsolutePath;
  readonly source: SessionSource;
  readonly ephemeral: boolean;
  /** Wraps what asks the model, for a run with limits. */
  readonly wrapClient?: ((client: ResponsesClient) => ResponsesClient) | undefined;
}

/** Who we say we are; the documented variable replaces it. */
function originatorOf(env: Terminal["env"]): string {
  return resolveOriginator({ env, fallback: "codex-ts" });
}

/** The one transport of a run. */
export function openTransport(
  env: Terminal["env"],
  defaultHeaders: HeaderFields = ourHeaders(env),
): HttpTransport {
  return createHttpTransport({ env, defaultHeaders });
}

/** Who we say we are, whatever we ask for. */
export function ourHeaders(env: Terminal["env"]): HeaderFields {
  const originator = originatorOf(env);
  return identityHeaders({
    originator,
    userAgent: userAgent({ originator, version, ...hostFacts(), terminal: terminalName(env) }),
  });
}

export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const { flags, terminal, cwd } = options;
  const { loaded, config, env } = await openConfig(flags, terminal, cwd, {
    approvalPolicy: "never",
    ephemeral: options.ephemeral ? true : undefined,
  });
  const originator = originatorOf(env);
  const headers = ourHeaders(env);
  const transport = openTransport(env, headers);
  if (flags.oss === true) await prepareOss(config, transport, terminal);
  const access = await openModelAccess({ config, env, transport, headers });
  const warnings: string[] = [];
  const sandbox = createSandbox({
    env,
    cwd,
    codexHome: config.codexHome,
    useLandlock: config.features.enabled("use_legacy_landlock"),
    onWarning: (warning) => warnings.push(warning),
  });
  const environment = createLocalEnvironment({ sandbox });
  const shell = await defaultShell(systemShellLookups(env));
  const discovery = config.features.enabled("codex_hooks")
    ? await findHooks(trustedPart(loaded), env)
    : null;
  const skills = await openSkills(loaded, env);
  const hooks =
    discovery === null || discovery.handlers.length === 0 ? null : openHooks(discovery, shell, env);
  const trace = await openTracing(env);
  const manager = new ThreadManager({
    codexHome: config.codexHome,
    responses: options.wrapClient?.(access.responses) ?? access.responses,
    environment,
    lookUpModel: (name) => access.lookUpModel(name),
    shell,
    env: commandEnvironment(env),
    originator,
    version,
    source: options.source,
    tracing: trace.tracing,
  });
  return {
    config,
    threadConfig: {
      ...threadConfigOf(config, access.model),
      hooks: hooks ?? undefined,
      rules: await openRules(loaded),
      skills: skills.inFolder,
      startupWarnings: [
        ...config.startupWarnings,
        ...(discovery?.warnings ?? []),
        ...access.warnings,
        ...trace.warnings,
        ...skills.warnings,
      ],
    },
    manager,
    async sandboxWarnings() {
      const { type } = config.sandboxPolicy;
      if (type === "danger-full-access" || type === "external-sandbox") return warnings;
      return [...(await sandbox.report()).warnings, ...warnings];
    },
    async sandboxSummary() {
      const { step, aspects } = await sandbox.report();
      const enforced = Object.entries(aspects).flatMap(([aspect, { enforced: is }]) =>
        is ? [aspect.replaceAll("_", " ")] : [],
      );
      return enforced.length === 0 ? step : `${step} (confines ${enforced.join(", ")})`;
    },
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await hooks?.[Symbol.asyncDispose]();
      await environment[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      await access[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** Makes the local server's model ready; a person sees what goes on where that takes long. */
async function prepareOss(
  { modelProvider: { id, base_url: baseUrl }, model }: Config,
  transport: HttpTransport,
  { env, stderr }: Terminal,
): Promise<void> {
  const isKnown = id === "ollama" || id === "lmstudio";
  if (!isKnown || baseUrl === undefined || model === undefined) return;
  const { prepareLocalModel } = await import("@codex-ts/models");
  await prepareLocalModel({
    providerId: id,
    baseUrl,
    model,
    transport,
    env,
    onProgress: (line) => stderr(`${line}\n`),
  });
}

/** Without the layers of projects that are not trusted, which the configuration has warned of. */
function trustedPart(loaded: LoadedConfig): LoadedConfig {
  const layers = loaded.layers.filter(
    ({ name, trust }) => name.type !== "project" || trust === "trusted",
  );
  return { ...loaded, layers };
}

function threadConfigOf(config: Config, model: string): ThreadConfig {
  return {
    cwd: config.cwd,
    model,
    modelProviderId: config.modelProviderId,
    approvalPolicy: config.approvalPolicy,
    approvalsReviewer: config.approvalsReviewer,
    sandboxPolicy: config.sandboxPolicy,
    permissions: splitPermissions(config),
    effort: config.modelReasoningEffort,
    summary: config.modelReasoningSummary,
    verbosity: config.modelVerbosity,
    serviceTier: config.serviceTier,
    personality: config.personality,
    features: config.features,
    baseInstructions: config.baseInstructions,
    developerInstructions: config.developerInstructions,
    userInstructions: config.userInstructions,
    projectDocs: { ...config.projectDocs, rootMarkers: config.projectRootMarkers },
    ghostSnapshot: config.ghostSnapshot,
    shellEnvironmentPolicy: config.shellEnvironmentPolicy,
    allowLoginShell: config.allowLoginShell,
    reviewModel: config.reviewModel,
    compactPrompt: config.compactPrompt,
    notify: config.notify,
    promptHistory: config.history,
    webSearch: webSearchModeForTurn(
      config.webSearchMode,
      config.sandboxPolicy,
      config.allowedWebSearchModes,
    ),
    webSearchSettings: config.webSearch,
    backgroundTerminalMaxTimeoutMs: config.backgroundTerminalMaxTimeoutMs,
    showRawAgentReasoning: config.showRawAgentReasoning,
    ephemeral: config.ephemeral,
    startupWarnings: config.startupWarnings,
    deprecationNotices: config.deprecationNotices,
  };
}
