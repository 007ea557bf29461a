// Processes, terminals and files of this machine.
import { closeSync } from "node:fs";
import { fromAbsolute } from "@codex-ts/absolute-path";
import type { PreparedCommand, Sandbox, SandboxContext, StdioSource } from "@codex-ts/sandboxing";
import { needsSandbox, resolveContext } from "@codex-ts/sandboxing/policy";
import {
  type Environment,
  type EnvironmentProcess,
  ExecError,
  type StartProcessRequest,
  type TerminalSize,
} from "./environment.ts";
import { openLocalFile } from "./open-local-file.ts";
import { createLocalProcess, type LocalProcessOptions } from "./local-process.ts";
import { loadNativeDescriptors, type NativeDescriptors } from "./native-descriptors.ts";
import { readOutput } from "./output.ts";
import { openPipes } from "./pipes.ts";
import { controlTerminal, openTerminalStream } from "./terminal.ts";
import { createWatchdog } from "./watchdog.ts";

/** What an environment on this machine is made of. */
export interface LocalEnvironmentOptions {
  /** What confines the commands. The environment does not dispose it. */
  readonly sandbox: Sandbox;
  /** `local` when not given. */
  readonly id?: string | undefined;
  readonly platform?: NodeJS.Platform | undefined;
  /**
   * False leaves the C library alone: pipes are named ones, which costs a process for each command,
   * and there are no terminals. True when not given.
   */
  readonly nativeCalls?: boolean | undefined;
}

function isConfining(context: SandboxContext): boolean {
  const { fileSystem, network } = resolveContext(context);
  return needsSandbox(fileSystem, network);
}

/** What connects a process to this one. */
interface Channels {
  /** Descriptors 0, 1 and 2 of the process. */
  readonly stdio: readonly StdioSource[];
  readonly output: LocalProcessOptions["output"];
  readonly terminal: LocalProcessOptions["terminal"];
  /** Descriptors that are the process's alone once it has been launched. */
  readonly untilLaunch: readonly number[];
  /** Descriptors that are closed when the process has ended. */
  readonly untilExit: readonly number[];
}

function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) closeSync(fd);
}

async function openPipeChannels(native: NativeDescriptors | null): Promise<Channels> {
  const streams = ["stdout", "stderr"] as const;
  const pipes = await openPipes(streams.length, native);
  const { Socket } = process.getBuiltinModule("node:net");
  const sources = pipes.flatMap(({ readFd }, index) => {
    const stream = streams[index];
    if (stream === undefined) return [];
    return [{ stream, readable: new Socket({ fd: readFd, readable: true, writable: false }) }];
  });
  return {
    stdio: ["ignore", ...pipes.map(({ writeFd }) => ({ fd: writeFd }))],
    output: readOutput(sources),
    terminal: null,
    untilLaunch: pipes.map(({ writeFd }) => writeFd),
    untilExit: [],
  };
}

function openTerminalChannels(size: TerminalSize, native: NativeDescriptors | null): Channels {
  if (native === null) {
    throw new ExecError(
      "terminal_unavailable",
      "no terminal can be made for the command: the C library cannot be called; start it without one",
    );
  }
  let pseudoTerminal;
  try {
    pseudoTerminal = native.openTerminal(size);
  } catch (error) {
    throw new ExecError("terminal_unavailable", "no terminal can be made for the command", {
      cause: error,
    });
  }
  const { masterFd, path, slaveFd } = pseudoTerminal;
  const stream = openTerminalStream(masterFd);
  return {
    stdio: [{ open: path }, { open: path }, { open: path }],
    output: readOutput([{ stream: "stdout", readable: stream }]),
    terminal: controlTerminal(stream, masterFd, native),
    untilLaunch: [],
    // Programs close their terminal a moment before they end. If nobody else held it then, this side
    // would see the end, close too, and the kernel would send the program SIGHUP.
    untilExit: [slaveFd],
  };
}

/**
 * Runs processes on this machine, confined by `sandbox`. Nothing is loaded before the first process or
 * {@link Environment.warmUp}. Disposing it kills what still runs.
 */
export function createLocalEnvironment(options: LocalEnvironmentOptions): Environment {
  const { sandbox } = options;
  const platform = options.platform ?? process.platform;
  const processes = new Set<EnvironmentProcess>();
  let disposed = false;

  let loading: Promise<NativeDescriptors | null> | null = null;
  const loadNative = (): Promise<NativeDescriptors | null> => {
    loading ??=
      options.nativeCalls === false ? Promise.resolve(null) : loadNativeDescriptors(platform);
    return loading;
  };

  const watchdog = createWatchdog({
    async startShell(script) {
      const [pipe] = await openPipes(/*count*/ 1, await loadNative());
      if (pipe === undefined) throw new ExecError("pipes_unavailable", "no pipe was opened");
      try {
        const shell = sandbox.prepareUnconfined({
          argv: ["/bin/sh", "-c", script],
          cwd: fromAbsolute("/"),
          env: {},
        });
        await shell.launcher.launch({ ...shell, stdio: [{ fd: pipe.readFd }, "ignore", "ignore"] });
        return pipe.writeFd;
      } catch (error) {
        closeSync(pipe.writeFd);
        throw error;
      } finally {
        closeSync(pipe.readFd);
      }
    },
  });

  const refuseWhenDisposed = (): void => {
    if (disposed) throw new ExecError("disposed", "the environment has been disposed");
  };

  const prepare = async ({
    command,
    confinement,
    terminal,
  }: StartProcessRequest): Promise<PreparedCommand> =>
    confinement.kind === "unconfined"
      ? sandbox.prepareUnconfined(command)
      : sandbox.prepare(command, confinement.context, {
          terminal: terminal !== undefined,
          require: confinement.require,
        });

  async function launch(
    request: StartProcessRequest,
    prepared: PreparedCommand,
  ): Promise<EnvironmentProcess> {
    const native = await loadNative();
    const channels =
      request.terminal === undefined
        ? await openPipeChannels(native)
        : openTerminalChannels(request.terminal, native);
    const { stdio, output, terminal, untilLaunch, untilExit } = channels;
    try {
      const launched = await prepared.launcher.launch({
        argv: prepared.argv,
        cwd: prepared.cwd,
        env: prepared.env,
        stdio: [...stdio, ...prepared.extraStdio],
      });
      const started: EnvironmentProcess = createLocalProcess({
        launched,
        prepared,
        output,
        terminal,
        watchdog,
        onSettled: () => processes.delete(started),
      });
      processes.add(started);
      void launched.exited.then(() => closeAll(untilExit));
      return started;
    } catch (error) {
      output.close();
      closeAll(untilExit);
      throw error;
    } finally {
      closeAll(untilLaunch);
    }
  }

  return {
    id: options.id ?? "local",
    files: { open: openLocalFile },

    async start(request, signal) {
      signal?.throwIfAborted();
      refuseWhenDisposed();
      const prepared = await prepare(request);
      let started: EnvironmentProcess;
      try {
        signal?.throwIfAborted();
        refuseWhenDisposed();
        started = await launch(request, prepared);
      } catch (error) {
        await prepared[Symbol.asyncDispose]();
        throw error;
      }
      if (disposed || signal?.aborted === true) {
        await started[Symbol.asyncDispose]();
        signal?.throwIfAborted();
        refuseWhenDisposed();
      }
      return started;
    },

    sandboxReport: (signal) => sandbox.report(signal),

    async warmUp(confinement) {
      const isConfined = confinement.kind === "sandboxed" && isConfining(confinement.context);
      await Promise.allSettled([loadNative(), isConfined ? sandbox.report() : watchdog.start()]);
    },

    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.all([...processes].map((started) => started[Symbol.asyncDispose]()));
      await watchdog[Symbol.asyncDispose]();
    },
  };
}
