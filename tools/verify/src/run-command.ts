import { spawn } from "node:child_process";
import { join } from "node:path";

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Pass the output on as it comes instead of keeping it. */
  readonly stream?: boolean | undefined;
  /** In milliseconds; the command is killed after that. */
  readonly timeout?: number | undefined;
}

export interface CommandResult {
  /** `undefined` when a signal ended the command or it could not start. */
  readonly exitCode: number | undefined;
  readonly ok: boolean;
  readonly stdout: string;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/** Runs a command to its end; a command that cannot start or is killed is a result too. */
export function runCommand(
  command: readonly [string, ...string[]],
  { cwd, env = process.env, stream = false, timeout }: CommandOptions,
): Promise<CommandResult> {
  const [program, ...args] = command;
  return new Promise((settle) => {
    let stdout = "";
    let output = "";
    const child = spawn(program, args, {
      cwd,
      env,
      timeout,
      killSignal: "SIGKILL",
      stdio: stream ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", (error) => {
      settle({ exitCode: undefined, ok: false, stdout, output: `${output}${error.message}\n` });
    });
    child.on("close", (code, signal) => {
      const ending = signal === null ? "" : `ended by ${signal}\n`;
      settle({
        exitCode: code ?? undefined,
        ok: code === 0,
        stdout,
        output: output + ending,
      });
    });
  });
}

/** A program that the project in `root` has installed. */
export function installedProgram(root: string, name: string): string {
  return join(root, "node_modules", ".bin", name);
}

/** The package manager that runs this program, or the one that a bare machine would fetch. */
export function packageManager(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const running = env["npm_execpath"];
  if (running === undefined || !/pnpm[^/\\]*$/.test(running)) return ["npx", "--yes", "pnpm@12"];
  return /\.[cm]?js$/.test(running) ? [process.execPath, running] : [running];
}
