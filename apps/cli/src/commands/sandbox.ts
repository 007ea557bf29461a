// `codex-ts sandbox`: a command in the sandbox, what the sandbox is worth here, and the proof of it.
import { constants } from "node:os";
import {
  createSandbox,
  findExecutable,
  type PreparedCommand,
  resolveContext,
  type Sandbox,
  type SandboxAspect,
  type SandboxContext,
  SandboxError,
  type SandboxReport,
  type SandboxType,
} from "@codex-ts/sandboxing";
import type { SelfTestResult } from "@codex-ts/sandboxing/self-test";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { Config } from "@codex-ts/config";
import { childEnvironment } from "@codex-ts/tools";
import { commandEnvironment } from "../command-environment.ts";
import { openConfig, type OpenConfig } from "../open-config.ts";
import { splitPermissions } from "../split-permissions.ts";
import { Failure } from "../failure.ts";
import type { SandboxFlags, SandboxInvocation, SandboxPlatform } from "../sandbox-grammar.ts";
import type { Terminal } from "../terminal.ts";
import { workingFolder } from "../working-folder.ts";

type RunInvocation = Extract<SandboxInvocation, { command: "sandbox" }>;

const platforms: Readonly<Record<Exclude<SandboxPlatform, "any">, NodeJS.Platform>> = {
  linux: "linux",
  macos: "darwin",
  windows: "win32",
};

function refuseOtherPlatforms(asked: SandboxPlatform): void {
  if (asked === "windows") {
    throw new Failure(
      "there is no sandbox for Windows: commands run as you allow them, one by one, or in the Linux sandbox inside WSL 2",
    );
  }
  if (asked === "any" || platforms[asked] === process.platform) return;
  const name = asked === "linux" ? "Linux" : "macOS";
  throw new Failure(
    `this sandbox is only available on ${name}; leave out "${asked}" to use what this machine has`,
  );
}

function openSandbox(
  { config, env }: OpenConfig,
  cwd: AbsolutePath,
  flags: SandboxFlags,
  onWarning: (message: string) => void,
): Sandbox {
  return createSandbox({
    env,
    cwd,
    codexHome: config.codexHome,
    isolateIpc: flags.isolateIpc,
    useLandlock: config.features.enabled("use_legacy_landlock"),
    onWarning,
  });
}

/** The settings' policy with what is denied on top. */
function contextOf(
  config: Config,
  policyCwd: AbsolutePath,
  denied: readonly string[],
): SandboxContext {
  const context = { policy: config.sandboxPolicy, policyCwd, ...splitPermissions(config) };
  if (denied.length === 0) return context;
  const { fileSystem } = resolveContext(context);
  const entries = denied.map(
    (pattern) => ({ path: { type: "glob_pattern", pattern }, access: "none" }) as const,
  );
  return {
    ...context,
    fileSystem: { ...fileSystem, entries: [...(fileSystem.entries ?? []), ...entries] },
  };
}

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Starts the command on our own three streams and waits for it. */
async function launch(prepared: PreparedCommand): Promise<number> {
  const { launcher, argv, cwd, env, extraStdio } = prepared;
  const { pid, exited } = await launcher.launch({
    argv,
    cwd,
    env,
    stdio: [{ fd: 0 }, { fd: 1 }, { fd: 2 }, ...extraStdio],
  });
  const forward = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  };
  for (const signal of forwarded) process.on(signal, forward);
  const exit = await exited;
  for (const signal of forwarded) process.off(signal, forward);
  const outcome = await prepared.outcome(exit, "");
  if (outcome.kind === "setup_failed") {
    // bubblewrap has said why on the same terminal.
    return exit.code === null || exit.code === 0 ? 1 : exit.code;
  }
  if (outcome.kind === "command_not_found") return 127;
  return exit.code ?? 128 + constants.signals[exit.signal ?? "SIGKILL"];
}

/** With a permission profile as the settings choose it, else in the mode that the flags name. */
async function openForCommand(
  { config: configFlags, flags }: RunInvocation,
  terminal: Terminal,
  cwd: AbsolutePath,
): Promise<OpenConfig> {
  const byMode = await openConfig(configFlags, terminal, cwd, {
    sandboxMode: flags.fullAuto === true ? "workspace-write" : "read-only",
  });
  if (byMode.loaded.effective["default_permissions"] === undefined) return byMode;
  const asSet = await openConfig(configFlags, terminal, cwd);
  const { permissions } = asSet.config;
  if (permissions === undefined) return byMode;
  if (flags.fullAuto !== true) return asSet;
  throw new Failure(
    `--full-auto does not go together with the permission profile \`${permissions.name}\` of \`default_permissions\`; leave it out, or give -c sandbox_mode=workspace-write`,
  );
}

/** Runs the words in the sandbox; the exit code is theirs. */
export async function runSandbox(invocation: RunInvocation, terminal: Terminal): Promise<number> {
  const { platform, words, flags } = invocation;
  const [program, ...rest] = words;
  if (program === undefined) {
    throw new Failure("give a command to run: codex-ts sandbox -- COMMAND", { exitCode: 2 });
  }
  refuseOtherPlatforms(platform);
  const cwd = await workingFolder(invocation.config.cd, terminal.cwd);
  const opened = await openForCommand(invocation, terminal, cwd);
  const { config, env } = opened;
  const warn = (message: string): void => terminal.stderr(`Warning: ${message}\n`);
  await using sandbox = openSandbox(opened, cwd, flags, warn);
  const environment = childEnvironment(config.shellEnvironmentPolicy, commandEnvironment(env));
  const found = findExecutable(program, { searchPath: environment["PATH"], cwd });
  if (!found.found && found.problem === "missing") {
    terminal.stderr(`Error: command not found: ${program}\n`);
    return 127;
  }
  try {
    const report = await sandbox.report();
    if (report.step !== "bwrap") for (const warning of report.warnings) warn(warning);
    await using prepared = await sandbox.prepare(
      {
        argv: [program, ...rest],
        cwd,
        env: environment,
      },
      contextOf(config, cwd, flags.denyRead),
      { require: flags.require },
    );
    return await launch(prepared);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    throw new Failure(error.message, { cause: error });
  }
}

const stepNames: Readonly<Record<SandboxType, string>> = {
  bwrap: "bubblewrap",
  landlock: "a Landlock thread",
  seatbelt: "Seatbelt",
  none: "none",
};

const aspectNames: Readonly<Record<SandboxAspect, string>> = {
  file_writes: "writes",
  file_attributes: "modes and owners",
  protected_paths: ".git and .codex",
  file_reads: "denied reads",
  network: "network",
  local_ipc: "local sockets",
  processes: "processes",
  devices: "devices",
};

function reportText(report: SandboxReport): string {
  const rows = Object.entries(report.aspects).map(
    ([aspect, { enforced, by }]) =>
      `  ${aspectNames[aspect as SandboxAspect].padEnd(16)}  ${(enforced ? "enforced" : "open").padEnd(8)}  ${by}`,
  );
  return [
    `Sandbox: ${stepNames[report.step]}`,
    ...rows,
    ...report.warnings.map((warning) => `Note: ${warning}`),
    ...(report.repair === null ? [] : [`To repair: ${report.repair}`]),
    "",
  ].join("\n");
}

/** Says what the sandbox enforces on this machine. */
export async function runSandboxProbe(
  {
    config: flags,
    flags: own,
  }: { readonly config: RunInvocation["config"]; readonly flags: SandboxFlags },
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const opened = await openConfig(flags, terminal, cwd);
  await using sandbox = openSandbox(opened, cwd, own, () => {});
  const report = await sandbox.report();
  terminal.stdout(own.json === true ? `${JSON.stringify(report)}\n` : reportText(report));
  return report.step === "none" ? 1 : 0;
}

const isBad = ({ verdict }: SelfTestResult): boolean =>
  verdict === "escaped" || verdict === "broken";

/** Tries every way out, and says which of them led anywhere. */
export async function runSandboxCheck(
  {
    config: flags,
    flags: own,
  }: { readonly config: RunInvocation["config"]; readonly flags: SandboxFlags },
  terminal: Terminal,
): Promise<number> {
  const cwd = await workingFolder(flags.cd, terminal.cwd);
  const opened = await openConfig(flags, terminal, cwd);
  const { runSelfTest } = await import("@codex-ts/sandboxing/self-test");
  await using sandbox = openSandbox(opened, cwd, own, () => {});
  const say = (line: string): void => {
    if (own.json !== true) terminal.stdout(`${line}\n`);
  };
  const { step } = await sandbox.report();
  if (step === "none") throw new Failure((await sandbox.report()).warnings.join("\n"));
  say(`Sandbox: ${stepNames[step]}`);
  const result = await runSelfTest({
    sandbox,
    searchPath: opened.env["PATH"] ?? "",
    onResult: (one) => {
      const { verdict, title, detail } = one;
      if (verdict === "stopped" || verdict === "works") return;
      const words = verdict === "declared" ? "open" : verdict.replaceAll("_", " ");
      say(
        `  ${words.padEnd(9)}  ${title}${isBad(one) || verdict === "not_tried" ? `: ${detail}` : ""}`,
      );
    },
  });
  if (own.json === true) terminal.stdout(`${JSON.stringify(result)}\n`);
  const count = (...verdicts: readonly SelfTestResult["verdict"][]): number =>
    result.results.filter(({ verdict }) => verdicts.includes(verdict)).length;
  say(
    `${count("stopped", "refused")} ways out stopped, ${count("declared")} open as the report says, ${count("escaped")} open although it does not; ${count("works")} errands done, ${count("broken")} broken${count("not_tried") === 0 ? "" : `; ${count("not_tried")} not tried`}`,
  );
  return result.passed ? 0 : 1;
}
