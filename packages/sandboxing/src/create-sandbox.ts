// The sandbox of this machine: prepares commands so that they run as their policy says.
import { closeSync } from "node:fs";
import { type AbsolutePath, fromAbsolute, join } from "@codex-ts/absolute-path";
import { buildBwrapArgs } from "./bwrap-args.ts";
import { bwrapOutcome, parseBwrapStatus } from "./bwrap-status.ts";
import { createCaretaker } from "./caretaker.ts";
import { type ResolvedContext, resolveContext } from "./effective-context.ts";
import { climb, type Ladder, type Step } from "./ladder.ts";
import { createLandlockThreads } from "./landlock.ts";
import { planLandlock } from "./landlock-rules.ts";
import { createNativeLauncher } from "./launcher.ts";
import { guardLinks } from "./link-guard.ts";
import { withoutLoaderVariables } from "./loader-variables.ts";
import { inspectMachine, type Machine } from "./machine.ts";
import { createMountPoints } from "./mount-points.ts";
import { waitUntilGone } from "./process-state.ts";
import {
  type CommandSpec,
  type Launcher,
  type PreparedCommand,
  type PrepareOptions,
  type Sandbox,
  type SandboxContext,
  SandboxError,
  type SandboxReport,
  type StdioSource,
} from "./sandbox.ts";
import { checkRequired, reportOf } from "./report.ts";
import { createRootMemory } from "./root-memory.ts";
import { needsSandbox } from "./needs-sandbox.ts";
import { buildSeatbeltArgs } from "./seatbelt.ts";
import type { SeccompArch } from "./seccomp.ts";
import { readFromStart } from "./scratch-file.ts";

/** What the sandbox of this machine may use. */
export interface SandboxOptions {
  /** Where `PATH` (to find bubblewrap) and `HOME` (for a leading `~` in policies) are read from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The agent's home: mount points on the host are noted in it, so that none is left behind. */
  readonly codexHome?: AbsolutePath | undefined;
  /** The workspace, which must not supply the sandbox; the current folder when not given. */
  readonly cwd?: AbsolutePath | undefined;
  readonly platform?: NodeJS.Platform | undefined;
  /** Told, once each, what a person should know about the policies in use. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * False leaves the C library alone: no Landlock, and processes start through Node, more slowly the
   * more memory this process holds. True when not given.
   */
  readonly nativeCalls?: boolean | undefined;
  /**
   * True cuts commands without network off from what other programs of this machine offer beside it:
   * Unix datagrams, which can otherwise be sent to any such socket that a command can see, and, where
   * there is no namespace for it, shared memory and message queues. Programs lose syslog and pairs of
   * datagram sockets by it. False when not given.
   */
  readonly isolateIpc?: boolean | undefined;
  /** True goes without bubblewrap where Landlock can be had. False when not given. */
  readonly useLandlock?: boolean | undefined;
}

const networkVariable = "CODEX_SANDBOX_NETWORK_DISABLED";
const firstExtraFd = 3;

/** A command as it is, started by `launcher`. */
function bareCommand(
  command: CommandSpec,
  launcher: Launcher,
  sandbox: PreparedCommand["sandbox"],
  networkDisabled: boolean,
): PreparedCommand {
  return {
    sandbox,
    launcher,
    argv: command.argv,
    cwd: command.cwd,
    env: networkDisabled ? { ...command.env, [networkVariable]: "1" } : command.env,
    extraStdio: [],
    networkDisabled,
    outcome: async () => ({ kind: "ran" }),
    async [Symbol.asyncDispose]() {},
  };
}

/**
 * Makes the sandbox of this machine. Nothing is loaded or tried before the first command or the first
 * `report()`; both find out once what there is and remember it. Dispose it when no command is left.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const platform = options.platform ?? process.platform;
  const cwd = options.cwd ?? fromAbsolute(".");
  const isolateIpc = options.isolateIpc === true;
  const threads = createLandlockThreads();
  const roots = createRootMemory();
  const registry =
    options.codexHome === undefined ? null : join(options.codexHome, "tmp/mount-points");
  const caretaker = createCaretaker({
    registry,
    pid: process.pid,
    startShell: (script, words) =>
      inspected === null ? null : startShell(inspected, script, words),
  });
  const mountPoints = createMountPoints({ registry, pid: process.pid, caretaker });

  const said = new Set<string>();
  const warn = (message: string): void => {
    if (said.has(message)) return;
    said.add(message);
    options.onWarning?.(message);
  };

  let inspecting: Promise<Machine> | null = null;
  let inspected: Machine | null = null;
  const machine = (): Promise<Machine> => {
    inspecting ??= inspectMachine({ platform, nativeCalls: options.nativeCalls ?? true }).then(
      (found) => {
        inspected = found;
        return found;
      },
    );
    return inspecting;
  };
  let climbing: Promise<Ladder> | null = null;
  const ladder = (): Promise<Ladder> => {
    climbing ??= (async () => {
      try {
        mountPoints.sweep();
        return await climb({
          machine: await machine(),
          platform,
          arch: process.arch,
          searchPath: options.env["PATH"],
          cwd,
          isolateIpc,
          landlockOnly: options.useLandlock === true,
        });
      } catch (error) {
        // What got in the way of finding out (no descriptors left, say) may be gone next time.
        climbing = null;
        throw error;
      }
    })();
    return climbing;
  };

  /** Whatever this machine starts processes with, once that is known. */
  const plainLauncher: Launcher = {
    launch: async (request) => (await machine()).launcher.launch(request),
  };

  /** The same, for commands that empty folders stand on the host for. */
  const guardedLauncher: Launcher = {
    async launch(request) {
      const launched = await plainLauncher.launch(request);
      caretaker.commandStarted(launched.pid);
      void launched.exited.then(() => caretaker.commandEnded(launched.pid));
      return launched;
    },
  };

  function prepareBwrap(
    command: CommandSpec,
    policy: ResolvedContext,
    tools: {
      readonly step: Extract<Step, { kind: "bwrap" }>;
      readonly ladder: Ladder;
      readonly machine: Machine;
    },
    terminal: boolean,
  ): PreparedCommand {
    const { env, loaderVariables } = withoutLoaderVariables(command.env);
    const networkDisabled = policy.network === "restricted";
    const filter = networkDisabled ? tools.ladder.filter : null;
    const statusFd = firstExtraFd + (filter === null ? 0 : 1);
    const plan = buildBwrapArgs(policy, policy.paths, {
      commandCwd: command.cwd,
      terminal,
      mountProc: tools.step.mountProc,
      seccompFd: filter === null ? undefined : firstExtraFd,
      statusFd,
      nullFd: statusFd + 1,
      isRoot: tools.machine.isRoot,
      loaderVariables,
      isMountPoint: (path) => mountPoints.isHeld(path),
    });
    for (const root of plan.missingRoots) {
      warn(`the writable folder ${root} does not exist: commands cannot write to it`);
    }

    const points = mountPoints.hold(plan.mountPoints);
    let status: number;
    try {
      status = tools.machine.openScratchFile();
    } catch (error) {
      points[Symbol.dispose]();
      throw error;
    }
    const guard = guardLinks(plan.links);
    let disposed = false;
    const readStatus = () => parseBwrapStatus(readFromStart(status));
    const extraStdio: readonly StdioSource[] = [
      ...(filter === null ? [] : [{ data: filter }]),
      { fd: status },
      ...(plan.args.includes("--ro-bind-data") ? [{ data: new Uint8Array() }] : []),
    ];
    return {
      sandbox: "bwrap",
      launcher: plan.mountPoints.length === 0 ? plainLauncher : guardedLauncher,
      argv: [tools.step.bwrap, ...plan.args, ...command.argv],
      cwd: command.cwd,
      env: networkDisabled ? { ...env, [networkVariable]: "1" } : env,
      extraStdio,
      networkDisabled,
      outcome: async (exit, stderrTail) => bwrapOutcome(readStatus(), exit, stderrTail),
      async [Symbol.asyncDispose]() {
        if (disposed) return;
        disposed = true;
        const { childPid } = readStatus();
        closeSync(status);
        // bubblewrap's own end only begins the end of what ran inside.
        if (childPid !== null) await waitUntilGone(childPid);
        points[Symbol.dispose]();
        for (const message of guard.restore()) warn(message);
      },
    };
  }

  async function prepareLandlock(
    command: CommandSpec,
    policy: ResolvedContext,
    version: number,
    arch: SeccompArch,
  ): Promise<PreparedCommand> {
    const { native } = await machine();
    const plan = planLandlock(policy, policy.paths);
    if (plan.kind === "refused" || native === null) {
      const reason = plan.kind === "refused" ? plan.reason : "the C library cannot be called";
      throw unavailable(
        (await ladder()).warnings,
        `Landlock cannot hold a command to it: ${reason}`,
      );
    }
    const spawnNative = threads.spawnerFor({
      version,
      writable: plan.writable,
      cutNetwork: plan.cutNetwork,
      arch,
      isolateIpc,
    });
    if (plan.unprotected.length > 0) {
      warn(`not protected from commands on this machine: ${plan.unprotected.join(", ")}`);
    }
    const launcher = createNativeLauncher({ ...native, spawnNative });
    return bareCommand(command, launcher, "landlock", plan.cutNetwork);
  }

  return {
    async report(signal): Promise<SandboxReport> {
      signal?.throwIfAborted();
      return reportOf(await abortable(ladder(), signal));
    },

    async prepare(
      command: CommandSpec,
      context: SandboxContext,
      prepareOptions: PrepareOptions = {},
    ): Promise<PreparedCommand> {
      const asked = resolveContext(context, {
        tmpdir: command.env["TMPDIR"],
        home: options.env["HOME"],
      });
      const held = roots.hold(asked.fileSystem, asked.paths);
      for (const message of held.moved) warn(message);
      const policy: ResolvedContext = { ...asked, fileSystem: held.policy };
      const { require } = prepareOptions;
      if (!needsSandbox(policy.fileSystem, policy.network)) {
        if (policy.fileSystem.kind === "external-sandbox" && (require?.length ?? 0) > 0) {
          throw new SandboxError(
            "aspect_not_enforced",
            "the policy leaves confining to a sandbox outside: nothing of it can be vouched for here",
          );
        }
        const bare = bareCommand(command, plainLauncher, "none", /*networkDisabled*/ false);
        // An external sandbox has cut the network off already; programs are told all the same.
        return policy.network === "enabled"
          ? bare
          : { ...bare, env: { ...command.env, [networkVariable]: "1" } };
      }
      const current = await ladder();
      checkRequired(require, reportOf(current));
      const { step, warnings, arch } = current;
      switch (step.kind) {
        case "bwrap": {
          const tools = { step, ladder: current, machine: await machine() };
          return prepareBwrap(command, policy, tools, prepareOptions.terminal === true);
        }
        case "landlock":
          if (arch === null) throw unavailable(warnings, "no system call filter is known");
          return prepareLandlock(command, policy, step.version, arch);
        case "seatbelt": {
          const args = buildSeatbeltArgs(policy, policy.paths);
          const bare = bareCommand(
            command,
            plainLauncher,
            "seatbelt",
            policy.network === "restricted",
          );
          return {
            ...bare,
            argv: [...args, ...command.argv] as [string, ...string[]],
            env: { ...bare.env, CODEX_SANDBOX: "seatbelt" },
          };
        }
        case "none":
          throw unavailable(warnings, "the policy asks for a sandbox");
      }
    },

    prepareUnconfined: (command) =>
      bareCommand(command, plainLauncher, "none", /*networkDisabled*/ false),

    async [Symbol.asyncDispose]() {
      caretaker[Symbol.dispose]();
      await threads[Symbol.asyncDispose]();
    },
  };
}

/** Starts a shell that reads from a pipe, and gives the pipe's other end. */
function startShell(
  { native, launcher }: Machine,
  script: string,
  words: readonly string[],
): number | null {
  if (native === null) return null;
  const { readFd, writeFd } = native.calls.openPipe();
  const argv = ["/bin/sh", "-c", script, "sh", ...words] as const;
  const stdio = [{ fd: readFd }, "ignore", "ignore"] as const;
  launcher
    .launch({ argv: [...argv], cwd: "/", env: { PATH: "/usr/bin:/bin" }, stdio })
    // Without a shell what is left is swept up at the next start.
    .catch(() => undefined)
    .finally(() => closeSync(readFd));
  return writeFd;
}

function unavailable(warnings: readonly string[], reason: string): SandboxError {
  return new SandboxError("sandbox_unavailable", [reason, ...warnings.slice(0, 1)].join("; "));
}

/** Waits for `work`, but not past `signal`: the work itself goes on for whoever needs it next. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
