// The checks of `codex-ts doctor`. Each asks the package that a run would ask, and changes nothing.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { ConfigError, findCodexHome, formatConfig } from "@codex-ts/config";
import { collectGitInfo, findRepositoryRoot } from "@codex-ts/git-utils";
import {
  displayUrl,
  HttpError,
  type HttpErrorCode,
  HttpStatusError,
  hostFacts,
  type HttpTransport,
  joinUrl,
  proxyFor,
} from "@codex-ts/http-client";
import {
  type AuthManager,
  type CodexAuth,
  createAuthManager,
  createAuthSource,
  createCredentialStore,
  restrictionFault,
} from "@codex-ts/login";
import { toEndpoint } from "@codex-ts/model-providers";
import { createSandbox, findExecutable } from "@codex-ts/sandboxing";
import { defaultShell, systemShellLookups } from "@codex-ts/shell-command";
import { Failure } from "../failure.ts";
import type { OpenConfig } from "../open-config.ts";
import { findHooks } from "../open-hooks.ts";
import { openRules } from "../open-rules.ts";
import { openSkills } from "../open-skills.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";
import { failed, type Finding, ok, warning } from "./finding.ts";

/** What needs no settings to look at. */
export interface Machine {
  readonly env: Terminal["env"];
  readonly cwd: AbsolutePath;
}

/** What the other checks look at. */
export interface Patient extends Machine {
  /** The settings here; where they cannot be used, those of a machine without a settings file. */
  readonly settings: OpenConfig;
  /** Why the person's own settings cannot be used; null when they can. */
  readonly settingsFault: Error | null;
  readonly transport: HttpTransport;
}

export type Check<Subject> = (subject: Subject, signal: AbortSignal) => Promise<Finding>;

export const machineChecks: Readonly<Record<string, Check<Machine>>> = {
  runtime: checkRuntime,
  home: checkHome,
  git: checkGit,
};

export const settingsChecks: Readonly<Record<string, Check<Patient>>> = {
  config: async ({ settings, settingsFault }) =>
    settingsFault === null ? checkConfig(settings) : unusableSettings(settingsFault),
  auth: checkAuth,
  network: checkNetwork,
  sandbox: checkSandbox,
  rules: checkRules,
  hooks: checkHooks,
  skills: checkSkills,
};

async function checkRuntime({ env }: Machine): Promise<Finding> {
  const { osType, osVersion, architecture } = hostFacts();
  const shell = await defaultShell(systemShellLookups(env));
  return ok(`codex-ts ${version} on Node ${process.versions.node}`, [
    `system ${osType} ${osVersion} (${architecture})`,
    `shell ${shell.path}`,
  ]);
}

async function checkHome({ env }: Machine): Promise<Finding> {
  const home = await findCodexHome(env, homedir());
  const found = await stat(home).catch(() => null);
  if (found === null) return ok(`${home} (made when there is something to keep)`);
  if (!found.isDirectory()) {
    return failed(`${home} is not a folder`, { repair: "move it away, or set CODEX_HOME" });
  }
  try {
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return failed(`${home} cannot be written to, and no session be kept`, {
      repair: `chmod u+rwx ${home}`,
    });
  }
  return ok(home);
}

/** What is wrong with the settings, in the words that stop a run. */
export function unusableSettings(fault: Error): Finding {
  const [summary = "", ...details] = fault.message.split("\n");
  const isInFile = fault.cause instanceof ConfigError && fault.cause.path !== undefined;
  return failed(summary, {
    details,
    repair: isInFile
      ? "mend that line; codex-ts config check lists all that is wrong with your file"
      : "change what the message names",
  });
}

function checkConfig({ loaded }: OpenConfig): Finding {
  const files = loaded.layers.filter(({ text }) => text !== undefined);
  const settings = formatConfig(loaded, { origins: true })
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("# "));
  const count = loaded.origins().size;
  const summary = `${count === 0 ? "only defaults" : plural(count, "setting")} (${plural(files.length, "file")})`;
  const { startupWarnings } = loaded.config;
  if (startupWarnings.length === 0) return ok(summary, settings);
  return warning(`${summary}, ${plural(startupWarnings.length, "warning")}`, {
    details: [...startupWarnings, ...settings],
    repair: "codex-ts config show --origins says which line sets what",
  });
}

async function checkAuth(patient: Patient, signal: AbortSignal): Promise<Finding> {
  const { config, env } = patient.settings;
  const provider = config.modelProvider;
  await using manager = openManager(patient);
  if (!provider.requires_openai_auth || isOwnCredential(patient)) {
    // Nothing of these is written or sent: a variable, a setting, or what the provider's command prints.
    const { kind } = await createAuthSource({ provider, manager, env }).current(signal);
    return ok(
      kind === "none"
        ? `the model provider ${provider.id} wants no credential`
        : `a credential for the model provider ${provider.id}: ${credentialPlace(patient)}`,
    );
  }
  const login = await manager.peek();
  if (login === null) {
    return failed("nobody is logged in", {
      repair: "codex-ts login, or set CODEX_API_KEY for a single run",
    });
  }
  const fault = restrictionFault(login, {
    method: config.forcedLoginMethod,
    workspaceId: config.forcedChatgptWorkspaceId,
  });
  if (fault !== null) return failed(fault, { repair: "codex-ts logout, then codex-ts login" });
  if (login.kind === "chatgpt" && manager.isExpired(login)) {
    return warning(`${loginText(login)}; its token has expired`, {
      repair: "nothing: the next run renews it. If that fails, codex-ts login",
    });
  }
  return ok(`${loginText(login)} (kept in: ${config.cliAuthCredentialsStore})`);
}

function openManager({ settings: { config, env }, transport }: Patient): AuthManager {
  return createAuthManager({
    codexHome: config.codexHome,
    store: createCredentialStore(config.cliAuthCredentialsStore, { codexHome: config.codexHome }),
    env,
    enableCodexApiKeyEnv: true,
    forcedWorkspaceId: config.forcedChatgptWorkspaceId,
    transport,
  });
}

/** Whether the provider's table says where its credential comes from. */
function isOwnCredential({ settings: { config } }: Patient): boolean {
  const { env_key: variable, experimental_bearer_token: literal, auth } = config.modelProvider;
  return variable !== undefined || literal !== undefined || auth !== undefined;
}

function credentialPlace({ settings: { config } }: Patient): string {
  const { env_key: variable, experimental_bearer_token: literal } = config.modelProvider;
  if (variable !== undefined) return `the variable ${variable}`;
  return literal === undefined ? "its command gives one" : "experimental_bearer_token";
}

function loginText(login: CodexAuth): string {
  if (login.kind === "chatgpt") return "logged in with ChatGPT";
  return login.source === "environment" ? "an API key in CODEX_API_KEY" : "an API key is stored";
}

/** Asks without a credential: an answer of any kind shows that the way there is open. */
async function checkNetwork(patient: Patient, signal: AbortSignal): Promise<Finding> {
  const { settings, transport } = patient;
  const { config, env } = settings;
  const provider = config.modelProvider;
  await using manager = openManager(patient);
  const source = createAuthSource({ provider, manager, env });
  // A login that cannot be read is another check's; the address for an API key will do.
  const authKind = await source.kind().catch(() => "none" as const);
  const { baseUrl } = toEndpoint(provider, { env, authKind });
  const url = joinUrl(baseUrl, "models");
  const proxy = proxyFor(new URL(url), env);
  const way =
    proxy === null ? [] : [`through the proxy ${proxy.protocol}//${proxy.hostname}:${proxy.port}`];
  try {
    const response = await transport.send({ method: "GET", url, signal });
    response.cancel();
    return ok(`${displayUrl(baseUrl)} answers`, way);
  } catch (error) {
    if (error instanceof HttpStatusError) {
      return error.status >= 500
        ? warning(`${displayUrl(baseUrl)} answers with status ${error.status}`, {
            details: way,
            repair: "try again later, or ask whoever runs that server",
          })
        : ok(`${displayUrl(baseUrl)} answers`, way);
    }
    if (!(error instanceof HttpError)) throw error;
    return failed(error.message, { details: way, repair: networkRepairs[error.code] });
  }
}

const checkWay =
  "look at the connection and at base_url of the model provider; behind a proxy, set HTTPS_PROXY";

const networkRepairs: Readonly<Record<HttpErrorCode, string>> = {
  status: checkWay,
  timeout: checkWay,
  network: checkWay,
  build: "mend the address that the message names",
  certificates:
    "put the certificates of your network into a file, and name it in CODEX_CA_CERTIFICATE",
  proxy: "look at the user and the address in HTTPS_PROXY, or list the host in NO_PROXY",
  aborted: checkWay,
};

async function checkSandbox({ settings, cwd }: Patient, signal: AbortSignal): Promise<Finding> {
  const { config, env } = settings;
  await using sandbox = createSandbox({
    env,
    cwd,
    codexHome: config.codexHome,
    useLandlock: config.features.enabled("use_legacy_landlock"),
    onWarning: () => {},
  });
  const { step, aspects, warnings, repair } = await sandbox.report(signal);
  const details = Object.entries(aspects).map(
    ([aspect, { enforced, by }]) =>
      `${aspect.replaceAll("_", " ")}: ${enforced ? "enforced" : "open"} (${by})`,
  );
  if (step === "none") {
    const summary = "this machine has no sandbox: commands run only where you switch it off";
    return failed(summary, { details: [...warnings, ...details], repair });
  }
  const names = { bwrap: "bubblewrap", landlock: "a Landlock thread", seatbelt: "Seatbelt" };
  if (warnings.length > 0) {
    return warning(`${names[step]}, with less than it could have`, {
      details: [...warnings, ...details],
      repair,
    });
  }
  return ok(
    `${names[step]}; commands run in ${config.permissions === undefined ? config.sandboxPolicy.type : `the permission profile ${config.permissions.name}`}`,
    details,
  );
}

async function checkRules({ settings: { loaded } }: Patient): Promise<Finding> {
  try {
    const { policy } = await openRules(loaded);
    const { length } = policy.prefixRules;
    return ok(length === 0 ? "no rules for commands" : plural(length, "rule"));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [summary = "", ...details] = error.message.split("\n");
    return failed(summary.replace(/:$/, ""), {
      details: details.map((line) => line.trim()),
      repair: "mend the files that are named; until then no run starts",
    });
  }
}

async function checkHooks({ settings: { loaded, env } }: Patient): Promise<Finding> {
  const { listed, warnings } = await findHooks(loaded, env);
  const isOn = loaded.config.features.enabled("codex_hooks");
  const running = listed.filter(({ state }) => state === "runs").length;
  const idle = listed.filter(({ state }) => state === "broken" || state === "untrusted");
  const seeList = "codex-ts hooks list says where each one stands and why it does not run";
  if (listed.length === 0 && warnings.length === 0) return ok("no hooks");
  if (!isOn && running > 0) {
    return warning(`${plural(running, "hook")}, and hooks are switched off`, {
      details: warnings,
      repair: "codex-ts features enable codex_hooks",
    });
  }
  if (idle.length > 0 || warnings.length > 0) {
    return warning(`${plural(running, "hook")} in force, ${idle.length} that cannot run`, {
      details: warnings,
      repair: seeList,
    });
  }
  return ok(`${plural(running, "hook")} in force`);
}

async function checkSkills({ settings: { loaded, env }, cwd }: Patient): Promise<Finding> {
  const { inFolder, warnings } = await openSkills(loaded, env);
  const skills = await inFolder(cwd);
  const summary = skills.length === 0 ? "no skills" : plural(skills.length, "skill");
  return warnings.length === 0
    ? ok(summary)
    : warning(`${summary}, ${plural(warnings.length, "problem")}`, {
        details: warnings,
        repair: "mend the files that are named",
      });
}

async function checkGit({ env, cwd }: Machine, signal: AbortSignal): Promise<Finding> {
  if (!findExecutable("git", { searchPath: env["PATH"], cwd }).found) {
    return warning("git is not installed: no snapshots of your work before a turn", {
      repair: "install git, or put its folder into PATH",
    });
  }
  const root = await findRepositoryRoot(cwd);
  if (root === null) {
    return warning(`${cwd} is not inside a git repository, which exec asks for`, {
      repair: "git init, or give exec --skip-git-repo-check",
    });
  }
  const info = await collectGitInfo(root, { env, signal });
  if (info === null) {
    return warning(`git does not take ${root} for a repository`, {
      repair: `git -C ${root} status says why`,
    });
  }
  const { branch = "no branch", commit_hash: commit } = info;
  return ok(`${root}, ${branch}, ${commit === undefined ? "no commit yet" : commit.slice(0, 7)}`);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
