import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export interface RunProcessOptions {
  readonly cwd?: string | undefined;
  /** The whole environment of the child; the test's own by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Written to standard input, which is then closed; without it the child reads end of file. */
  readonly stdin?: string | Uint8Array | undefined;
  /** After this the child and its process group are killed and the call fails; 20 seconds by default. */
  readonly timeoutMs?: number | undefined;
}

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program, without a shell, until it has ended and its output is closed. Any exit code
 * resolves. @throws Error when it cannot be started or takes too long.
 */
export async function runProcess(
  argv: readonly [string, ...string[]],
  { cwd, env, stdin, timeoutMs = 20_000 }: RunProcessOptions = {},
): Promise<ProcessResult> {
  const [program, ...args] = argv;
  const ownGroup = process.platform !== "win32";
  const child = spawn(program, args, { cwd, env, stdio: "pipe", detached: ownGroup });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // The child may end without reading its input.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin ?? "");
  const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString("utf8");
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killGroup(child.pid, ownGroup);
      child.stdout.destroy();
      child.stderr.destroy();
      const output = [text(stdout), text(stderr)].filter((part) => part !== "").join("\n");
      reject(new Error(`${argv.join(" ")} took longer than ${timeoutMs} ms\n${output}`));
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

function killGroup(pid: number, ownGroup: boolean): void {
  try {
    process.kill(ownGroup ? -pid : pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether a process runs. On Linux a zombie (ended, not yet waited for) counts as ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  const status = statusOf(String(pid));
  return status !== null && status.state !== "Z" && status.state !== "X";
}

/** The direct children of a process, zombies left out, in ascending order. Linux only. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const status = statusOf(name);
      return status !== null && status.parent === pid && status.state !== "Z";
    })
    .map(Number)
    .sort((a, b) => a - b);
}

// proc(5): "pid (comm) state ppid …", where comm may itself hold spaces and brackets.
function statusOf(pid: string): { readonly state: string; readonly parent: number } | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", parent = ""] = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}
