// Test support: runs one command the way an environment does, and collects what came of it.
import { closeSync } from "node:fs";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import type { SandboxPolicy } from "@codex-ts/protocol";
import type {
  ExitStatus,
  Sandbox,
  SandboxContext,
  SandboxOutcome,
  SandboxType,
} from "./sandbox.ts";
import { openUnnamedFile, readFromStart } from "./scratch-file.ts";

export interface Run {
  readonly sandbox: SandboxType;
  readonly exit: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
  readonly outcome: SandboxOutcome;
}

export interface RunOptions {
  readonly context?: Partial<SandboxContext>;
  readonly env?: Readonly<Record<string, string>>;
  /** Words in front of the command line that is started. */
  readonly prefix?: readonly [string, ...string[]];
  /** Called between preparing and starting. */
  readonly beforeLaunch?: () => void;
  /** Called with the process. */
  readonly whileRunning?: (pid: number) => Promise<void> | void;
}

export const workspaceWrite: Extract<SandboxPolicy, { type: "workspace-write" }> = {
  type: "workspace-write",
  exclude_slash_tmp: true,
  exclude_tmpdir_env_var: true,
};

export const searchPath = process.env["PATH"] ?? "/usr/bin:/bin";

/** Runs `argv` in `ws`, the workspace, under workspace-write or what `options` asks for. */
export async function runConfined(
  sandbox: Sandbox,
  ws: AbsolutePath,
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<Run> {
  const prepared = await sandbox.prepare(
    { argv, cwd: ws, env: { PATH: searchPath, ...options.env } },
    { policy: workspaceWrite, policyCwd: ws, ...options.context },
  );
  const [stdout, stderr] = [openUnnamedFile(), openUnnamedFile()];
  try {
    options.beforeLaunch?.();
    const [program, ...args] = [...(options.prefix ?? []), ...prepared.argv];
    const { pid, exited } = await prepared.launcher.launch({
      argv: [program ?? "", ...args],
      cwd: prepared.cwd,
      env: prepared.env,
      stdio: ["ignore", { fd: stdout }, { fd: stderr }, ...prepared.extraStdio],
    });
    await options.whileRunning?.(pid);
    const exit = await exited;
    const texts = { stdout: readFromStart(stdout), stderr: readFromStart(stderr) };
    const outcome = await prepared.outcome(exit, texts.stderr);
    return { sandbox: prepared.sandbox, exit, ...texts, outcome };
  } finally {
    await prepared[Symbol.asyncDispose]();
    closeSync(stdout);
    closeSync(stderr);
  }
}
