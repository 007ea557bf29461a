// One run of a program that prints a token.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { ModelProviderAuth } from "@codex-ts/model-providers";
import { LoginError } from "./errors.ts";
import { cleanToken } from "./secret.ts";

export interface RunTokenCommandOptions {
  readonly auth: ModelProviderAuth;
  /** The folder to run in; a command that holds a path separator is relative to it. */
  readonly folder: string;
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Ends the run and everything that it has started. */
  readonly signal: AbortSignal;
}

/** More than this on standard output is no token. */
const stdoutLimit = 64 * 1024;
/** What is kept of standard error, for the message of a failure. */
const stderrLimit = 2 * 1024;
/** The longest wait that a Node timer can take. */
const longestTimeoutMs = 2 ** 31 - 1;
/** How long output may be held open by what a command leaves running in the background. */
const outputGraceMs = 500;

/**
 * Runs the command and gives the token that it printed. Standard input is empty. The command leads a
 * process group of its own, which is killed as a whole when the run is cut short.
 *
 * @throws LoginError `token_command_failed` or `invalid_token`; `signal.reason` when aborted.
 */
export async function runTokenCommand(options: RunTokenCommandOptions): Promise<string> {
  const { auth, signal } = options;
  signal.throwIfAborted();
  refuseScripts(auth.command, options.platform);
  const run = start(options);
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = Buffer.alloc(0);
  const { promise, resolve: done, reject } = Promise.withResolvers<{ status: string | null }>();

  const cutShort = (reason: unknown) => {
    killGroup(run.child, options.platform);
    reject(reason);
  };
  const onAbort = () => cutShort(signal.reason);
  const timer = setTimeout(
    () => cutShort(failure(auth, `did not finish within ${auth.timeout_ms} ms and was stopped`)),
    Math.min(auth.timeout_ms, longestTimeoutMs),
  );
  let grace: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", onAbort);

  run.stdout.on("data", (chunk: Buffer) => {
    stdoutBytes += chunk.length;
    if (stdoutBytes <= stdoutLimit) stdout.push(chunk);
    else cutShort(failure(auth, `printed more than ${stdoutLimit} bytes and was stopped`));
  });
  run.stderr.on("data", (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-stderrLimit);
  });
  run.child.on("error", (error) => reject(startFailure(options, error)));
  run.child.on("exit", (code, killedBy) => {
    const status =
      code === 0
        ? null
        : code === null
          ? `was ended by ${killedBy}`
          : `failed with exit code ${code}`;
    run.child.on("close", () => done({ status }));
    // Not from the timer itself: output that has already arrived is read before the immediate.
    grace = setTimeout(() => setImmediate(() => done({ status })), outputGraceMs);
  });

  try {
    const { status } = await promise;
    const output = Buffer.concat(stdout);
    if (status !== null) throw failure(auth, status + stderrNote(stderr, output));
    return readToken(auth, output);
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener("abort", onAbort);
    run.stdout.destroy();
    run.stderr.destroy();
  }
}

function start(options: RunTokenCommandOptions) {
  const { auth, folder, env, platform } = options;
  try {
    const child = spawn(programOf(auth.command, folder, platform), auth.args, {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: platform !== "win32",
      windowsHide: true,
    });
    return { child, stdout: child.stdout, stderr: child.stderr };
  } catch (error) {
    throw startFailure(options, error);
  }
}

/** A bare name is left to `PATH`. */
function programOf(command: string, folder: string, platform: NodeJS.Platform): string {
  const isPath = command.includes("/") || (platform === "win32" && command.includes("\\"));
  return isAbsolute(command) || !isPath ? command : resolve(folder, command);
}

function refuseScripts(command: string, platform: NodeJS.Platform): void {
  const extension = /\.(?:ps1|cmd|bat)$/i.exec(command)?.[0].toLowerCase();
  if (platform !== "win32" || extension === undefined) return;
  const interpreter =
    extension === ".ps1"
      ? 'command = "powershell" with args = ["-NoProfile", "-ExecutionPolicy", "Bypass", "-File", …]'
      : 'command = "cmd" with args = ["/d", "/c", …]';
  throw new LoginError(
    "token_command_failed",
    `the token command ${command} is a script, and Windows starts no scripts without their interpreter; set ${interpreter}`,
  );
}

/** Without a cause: Node's own error quotes the arguments. */
function startFailure({ auth, folder }: RunTokenCommandOptions, error: unknown): LoginError {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === "ENOENT" && !existsSync(folder)) {
    return failure(auth, `could not be started: its folder ${folder} does not exist`);
  }
  const reasons: Record<string, string> = {
    ENOENT: "there is no such program",
    EACCES: "it may not be executed",
    ERR_INVALID_ARG_VALUE: "its name or one of its arguments is not valid",
  };
  return failure(auth, `could not be started: ${reasons[code ?? ""] ?? code ?? "unknown reason"}`);
}

function failure(auth: ModelProviderAuth, what: string): LoginError {
  return new LoginError("token_command_failed", `the token command ${auth.command} ${what}`);
}

function readToken(auth: ModelProviderAuth, output: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(output);
  } catch {
    throw failure(auth, "printed something that is not UTF-8 text");
  }
  if (text.trim() === "") throw failure(auth, "printed no token on its standard output");
  return cleanToken(text, `what the token command ${auth.command} printed`);
}

/** The end of standard error, on one line, without what was printed as a token. */
function stderrNote(stderr: Buffer, stdout: Buffer): string {
  const token = stdout.toString("utf8").trim();
  const text = stderr.toString("utf8");
  const safe = token === "" ? text : text.replaceAll(token, "[redacted]");
  const line = safe.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return line === "" ? "" : `: ${line}`;
}

function killGroup(child: ChildProcess, platform: NodeJS.Platform): void {
  if (child.pid === undefined) return;
  if (platform === "win32") {
    spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" }).on(
      "error",
      () => child.kill(),
    );
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended meanwhile.
  }
}
