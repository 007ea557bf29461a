// Starts processes: through the C library where that can be had, else through Node.
import type { ChildProcess } from "node:child_process";
import { closeSync, statSync, writeSync } from "node:fs";
import { constants } from "node:os";
import type { ExitWatch } from "./exit-watch.ts";
import { findExecutable } from "./find-executable.ts";
import type { NativeCalls } from "./native-calls.ts";
import type { ChildDescriptor, NativeSpawnRequest, NativeSpawnResult } from "./native-spawn.ts";
import {
  type LaunchedProcess,
  type Launcher,
  type LaunchRequest,
  SandboxError,
} from "./sandbox.ts";

/** Finds the program's file, and refuses what cannot be started. */
function resolveProgram(request: LaunchRequest): string {
  const [name] = request.argv;
  const words = [...request.argv, request.cwd, ...Object.entries(request.env).flat()];
  if (words.some((word) => word.includes("\0"))) {
    throw new SandboxError(
      "spawn_failed",
      "the command cannot be started: an argument, its folder or its environment holds a NUL byte",
    );
  }
  const lookup = findExecutable(name, { searchPath: request.env["PATH"], cwd: request.cwd });
  if (lookup.found) return lookup.path;
  throw notExecutable(name, lookup.problem);
}

function notExecutable(name: string, problem: "missing" | "not_executable"): SandboxError {
  return new SandboxError(
    "command_not_found",
    problem === "missing"
      ? `command not found: ${name}`
      : `${name} cannot be executed: it is not an executable file`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function spawnError(request: LaunchRequest, errno: number): SandboxError {
  const [name] = request.argv;
  if (!isFolder(request.cwd)) {
    return new SandboxError(
      "spawn_failed",
      `the command cannot be started: there is no folder ${request.cwd}`,
    );
  }
  if (errno === constants.errno.ENOENT) return notExecutable(name, "missing");
  if (errno === constants.errno.EACCES) return notExecutable(name, "not_executable");
  return new SandboxError(
    "spawn_failed",
    `${name} cannot be started: ${process.getBuiltinModule("node:util").getSystemErrorMessage(-errno)}`,
  );
}

/** What starts the process in the end: this thread, or another that has confined itself. */
export type SpawnNative = (request: NativeSpawnRequest) => Promise<NativeSpawnResult>;

export interface NativeLauncherOptions {
  readonly calls: NativeCalls;
  readonly exits: ExitWatch;
  /** This thread when not given. */
  readonly spawnNative?: SpawnNative | undefined;
}

/** Descriptors that are opened for one launch, and closed after it. */
function openDescriptors(
  request: LaunchRequest,
  calls: NativeCalls,
  opened: number[],
): readonly ChildDescriptor[] {
  return request.stdio.map((source) => {
    if (source === "ignore") return { open: "/dev/null" };
    if ("fd" in source || "open" in source) return source;
    const fd = calls.openScratchFile();
    opened.push(fd);
    // Written at a position, which leaves the descriptor's own position at the start for the reader.
    writeSync(fd, source.data, 0, source.data.length, /*position*/ 0);
    return { fd };
  });
}

export function createNativeLauncher(options: NativeLauncherOptions): Launcher {
  const { calls, exits } = options;
  const spawnHere: SpawnNative = async (request) => calls.spawner.spawn(request);
  const spawnNative = options.spawnNative ?? spawnHere;
  return {
    async launch(request): Promise<LaunchedProcess> {
      const path = resolveProgram(request);
      const opened: number[] = [];
      try {
        const { argv, env, cwd } = request;
        const descriptors = openDescriptors(request, calls, opened);
        const result = await spawnNative({ path, argv, env, cwd, descriptors });
        if ("errno" in result) throw spawnError(request, result.errno);
        return { pid: result.pid, exited: exits.watch(result.pid) };
      } finally {
        for (const fd of opened) closeSync(fd);
      }
    },
  };
}

/** Has a shell open files as descriptors before it becomes the program. */
function openThroughShell(
  opens: readonly { readonly target: number; readonly path: string }[],
  program: string,
  argv: readonly string[],
): readonly [string, ...string[]] {
  if (opens.length === 0) return [program, ...argv.slice(1)];
  const script = [
    ...opens.map(({ target }, index) => `exec ${target}<>"$${index + 1}"`),
    `shift ${opens.length}`,
    'exec "$@"',
  ].join("; ");
  const paths = opens.map(({ path }) => path);
  return ["/bin/sh", "-c", script, "sh", ...paths, program, ...argv.slice(1)];
}

function spawnDetached(
  request: LaunchRequest,
  file: string,
  args: readonly string[],
  isProgram: boolean,
): ChildProcess {
  try {
    return process.getBuiltinModule("node:child_process").spawn(file, args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: true,
      ...(isProgram ? { argv0: request.argv[0] } : {}),
      stdio: request.stdio.map((source) => {
        if (source === "ignore" || "open" in source) return "ignore";
        return "fd" in source ? source.fd : "pipe";
      }),
    });
  } catch (error) {
    throw spawnError(request, Math.abs((error as NodeJS.ErrnoException).errno ?? 0));
  }
}

/** A launcher that needs nothing but Node. */
export function createNodeLauncher(): Launcher {
  return {
    async launch(request): Promise<LaunchedProcess> {
      const program = resolveProgram(request);
      const opens = request.stdio.flatMap((source, target) =>
        typeof source === "object" && "open" in source ? [{ target, path: source.open }] : [],
      );
      const [file, ...args] = openThroughShell(opens, program, request.argv);
      const child = spawnDetached(request, file, args, opens.length === 0);
      const exited = new Promise<Awaited<LaunchedProcess["exited"]>>((resolve) => {
        child.once("exit", (code, signal) => resolve({ code, signal }));
      });
      const { pid } = child;
      if (pid === undefined) {
        const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
          child.once("error", resolve);
        });
        throw spawnError(request, Math.abs(error.errno ?? 0));
      }
      // A kill that does not work is not this child's failure to start.
      child.on("error", () => undefined);
      for (const [target, source] of request.stdio.entries()) {
        if (typeof source !== "object" || !("data" in source)) continue;
        const stream = child.stdio[target];
        if (stream === null || stream === undefined || !("end" in stream)) continue;
        // A child that ends without reading leaves a broken pipe behind.
        stream.on("error", () => undefined);
        stream.end(source.data);
      }
      return { pid, exited };
    },
  };
}
