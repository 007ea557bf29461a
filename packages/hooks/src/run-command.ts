// Runs one command to its end: own process group, bounded output, nothing left behind.
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface CommandRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly timeoutMs: number;
  /** How long open pipes are waited for once the command itself has ended. */
  readonly graceMs: number;
  /** Of each of the two outputs; what comes later is read and dropped. */
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
  /** Told when a process group begins and when it is no longer ours to end. */
  readonly track: (kill: () => void) => () => void;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Whether standard output was longer than is kept. */
  readonly cut: boolean;
}

export type CommandResult =
  | ({ readonly kind: "exited"; readonly code: number } & CommandOutput)
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "aborted" };

// A longer delay than timers can hold is no delay to them.
const maxDelayMs = 2 ** 31 - 1;

/**
 * Never rejects. When it resolves, the command has ended or has been sent SIGKILL with its whole
 * process group. A background process lives on only if it holds neither of the two outputs.
 */
export function runCommand(request: CommandRequest): Promise<CommandResult> {
  const { signal } = request;
  if (signal.aborted) return Promise.resolve({ kind: "aborted" });
  let child: ChildProcess;
  try {
    child = process.getBuiltinModule("node:child_process").spawn(request.program, request.args, {
      cwd: request.cwd,
      env: request.env,
      stdio: "pipe",
      detached: process.platform !== "win32",
      windowsHide: true,
    });
  } catch (error) {
    return Promise.resolve({ kind: "not-started", reason: messageOf(error) });
  }
  return new Promise((resolve) => {
    const stdout = collectOutput(child, "stdout", request.maxOutputBytes);
    const stderr = collectOutput(child, "stderr", request.maxOutputBytes);
    const kill = () => killGroup(child);
    const untrack = request.track(kill);
    let grace: NodeJS.Timeout | undefined;
    let exit: readonly [code: number | null, signal: NodeJS.Signals | null] | undefined;

    let settled = false;
    const settle = (result: CommandResult) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(grace);
      signal.removeEventListener("abort", abort);
      untrack();
      for (const stream of child.stdio) stream?.destroy();
      resolve(result);
    };
    const judgeExit = () => {
      const [code = null, signalName = null] = exit ?? [];
      if (code === null) return settle({ kind: "killed", signal: signalName ?? "unknown" });
      settle({
        kind: "exited",
        code,
        stdout: stdout.text(),
        stderr: stderr.text(),
        cut: stdout.cut(),
      });
    };
    const end = (result: CommandResult) => {
      kill();
      settle(result);
    };
    const abort = () => end({ kind: "aborted" });
    const timer = setTimeout(
      () => {
        // A command that ended in time only waits for its pipes.
        if (exit === undefined) end({ kind: "timed-out" });
      },
      Math.min(request.timeoutMs, maxDelayMs),
    );

    signal.addEventListener("abort", abort, { once: true });
    child.once("error", (error) => {
      if (child.pid === undefined) settle({ kind: "not-started", reason: messageOf(error) });
    });
    child.once("exit", (code, signalName) => {
      exit = [code, signalName];
      // One more round of reading first, for a process that was too busy to read in time.
      grace = setTimeout(() => {
        setImmediate(() => {
          if (settled) return;
          kill();
          judgeExit();
        });
      }, request.graceMs);
    });
    child.once("close", () => {
      if (exit !== undefined) judgeExit();
    });
    // A hook need not read its input.
    child.stdin?.on("error", () => {});
    child.stdin?.end(request.stdin);
  });
}

function collectOutput(child: ChildProcess, name: "stdout" | "stderr", limit: number) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let cut = false;
  child[name]?.on("error", () => {});
  child[name]?.on("data", (chunk: Buffer) => {
    if (kept + chunk.length > limit) cut = true;
    const part = chunk.subarray(0, limit - kept);
    if (part.length === 0) return;
    kept += part.length;
    chunks.push(part);
  });
  return { text: () => Buffer.concat(chunks).toString("utf8"), cut: () => cut };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    process
      .getBuiltinModule("node:child_process")
      .spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], {
        stdio: "ignore",
        windowsHide: true,
      })
      .on("error", () => child.kill());
    return;
  }
  // Looked up first: who has lost its parent can no longer be found.
  const others = descendantsOf(child.pid);
  for (const target of [-child.pid, ...others]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** Children, their children and so on, those that have left the group too, as far as the system tells. */
function descendantsOf(pid: number): readonly number[] {
  if (process.platform !== "linux") return [];
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
      .filter((text) => text !== "")
      .flatMap((text) => [Number(text), ...descendantsOf(Number(text))]);
  } catch {
    return [];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
