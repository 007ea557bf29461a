// The one place that starts git: with a clean environment, the repository's own programs switched
// off, a time limit and a signal.
import { stat } from "node:fs/promises";
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { GitError, type GitErrorDetails } from "./errors.ts";

/** Variables by name; undefined ones are unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What every function that asks git takes. */
export interface GitOptions {
  /** The variables that git is started with; those of this process by default. Git's own are dropped. */
  readonly env?: Environment | undefined;
  /** Ends the running git; the function then fails with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that each call of git may take; every function names its default. */
  readonly timeoutMs?: number | undefined;
}

/** A setting of git's configuration: key and value. */
export type GitSetting = readonly [key: string, value: string];

export interface GitCall extends GitOptions {
  readonly cwd: AbsolutePath;
  /** Settings on top of the safe ones. */
  readonly settings?: readonly GitSetting[] | undefined;
  /** Git's own variables (`GIT_…`) for this call. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Written to git's standard input. */
  readonly input?: Uint8Array | undefined;
}

export interface GitOutput {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** No program that a repository's configuration names is run by our calls. */
const safeSettings: readonly GitSetting[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", process.platform === "win32" ? "NUL" : "/dev/null"],
  ["core.pager", "cat"],
  ["core.askPass", ""],
  ["diff.submodule", "short"],
  ["diff.ignoreSubmodules", "dirty"],
  ["submodule.recurse", "false"],
  ["status.submoduleSummary", "false"],
  ["log.showSignature", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
];

const safeArguments = safeSettings.flatMap(([key, value]) => ["-c", `${key}=${value}`]);

/** The variables of git's that say where things are and do not change what a call does. */
const keptGitVariables: ReadonlySet<string> = new Set([
  "GIT_CEILING_DIRECTORIES",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_CONFIG_SYSTEM",
  "GIT_DISCOVERY_ACROSS_FILESYSTEM",
  "GIT_EXEC_PATH",
]);

const droppedVariables: ReadonlySet<string> = new Set([
  "EDITOR",
  "PAGER",
  "PREFIX",
  "SSH_ASKPASS",
  "VISUAL",
]);

function childEnvironment(call: GitCall): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.env ?? process.env)) {
    const upper = name.toUpperCase();
    const ofGit = upper.startsWith("GIT_") && !keptGitVariables.has(upper);
    if (value !== undefined && !ofGit && !droppedVariables.has(upper)) env[name] = value;
  }
  const settings = call.settings ?? [];
  Object.assign(env, {
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_LITERAL_PATHSPECS: "1",
    // No connections: not even for objects that a partial clone lacks.
    GIT_ALLOW_PROTOCOL: "none",
    GIT_NO_LAZY_FETCH: "1",
    LC_ALL: "C",
    GIT_CONFIG_COUNT: String(settings.length),
    ...call.variables,
  });
  settings.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return env;
}

/** simple-git refuses calls that configure programs; ours configure them away. */
const ownSettingsAllowed = {
  allowAbbreviatedOptions: true,
  allowUnsafeAlias: true,
  allowUnsafeAskPass: true,
  allowUnsafeCommandBinaries: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeDiffExternal: true,
  allowUnsafeDiffTextConv: true,
  allowUnsafeEditor: true,
  allowUnsafeExec: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeGpgProgram: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeMergeDriver: true,
  allowUnsafePack: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeSubmodule: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeUrlRewrite: true,
};

/**
 * Runs git and resolves to its output, whatever its exit status.
 * @throws GitError `git_not_found`, `not_a_repository` (the folder does not exist), `timed_out`,
 * `aborted`
 */
export async function runGit(args: readonly string[], call: GitCall): Promise<GitOutput> {
  const { cwd, signal, timeoutMs } = call;
  throwIfAborted(args, signal);
  const isFolder = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new GitError("not_a_repository", `There is no folder ${cwd}.`, { command: args });
  }
  const env = childEnvironment(call);
  const { simpleGit } = await import("simple-git");
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const stops = [signal, limit].filter((stop) => stop !== undefined);
  const stop = AbortSignal.any(stops);
  // An ended git may leave a child behind that holds its output; nobody waits for that.
  const stopped = Promise.withResolvers<never>();
  const onStop = () => stopped.reject(new Error("stopped"));
  stop.addEventListener("abort", onStop);

  let output: GitOutput | undefined;
  const git = simpleGit({
    baseDir: cwd,
    abort: stop,
    allowEnvironment: Object.keys(env),
    completion: { onClose: true, onExit: false },
    unsafe: ownSettingsAllowed,
    // Called for every end of git; which ends are failures is decided here and by our callers.
    errors(_error, result) {
      output = {
        // Git that a signal ended has no status.
        status: Number.isInteger(result.exitCode) ? result.exitCode : -1,
        stdout: Buffer.concat(result.stdOut),
        stderr: Buffer.concat(result.stdErr).toString("utf8"),
      };
      return undefined;
    },
    ...(call.input === undefined ? {} : { input: () => Buffer.from(call.input ?? []) }),
  })
    .env(env)
    .outputHandler((_command, stdout) => {
      // Without any output simple-git waits a while for some; an empty piece tells it that none comes.
      stdout.once("end", () => stdout.emit("data", Buffer.alloc(0)));
    });
  try {
    await Promise.race([git.raw([...safeArguments, ...args]), stopped.promise]);
    stop.throwIfAborted();
  } catch (error) {
    throwIfAborted(args, signal);
    if (limit?.aborted === true) {
      throw new GitError(
        "timed_out",
        `git ${args[0] ?? ""} took longer than ${timeoutMs} ms in ${cwd} and was ended.`,
        { command: args },
      );
    }
    throw new GitError("command_failed", `git ${args[0] ?? ""} could not be run in ${cwd}.`, {
      command: args,
      cause: error,
    });
  } finally {
    stop.removeEventListener("abort", onStop);
  }
  if (output === undefined || (output.status < 0 && /\bspawn git ENOENT\b/.test(output.stderr))) {
    throw new GitError(
      "git_not_found",
      "The program git was not found. Install git, or put its folder into PATH.",
      { command: args },
    );
  }
  return output;
}

function throwIfAborted(args: readonly string[], signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new GitError("aborted", `git ${args[0] ?? ""} was cancelled.`, {
    command: args,
    cause: signal.reason,
  });
}

/** {@link runGit}, for calls of which any status but 0 is a failure. */
export async function runGitStrictly(args: readonly string[], call: GitCall): Promise<Buffer> {
  const output = await runGit(args, call);
  if (output.status !== 0) throw failure(args, call.cwd, output);
  return output.stdout;
}

/** The error for a call that ended with a status that means failure. */
export function failure(args: readonly string[], cwd: AbsolutePath, output: GitOutput): GitError {
  const details: GitErrorDetails = {
    command: args,
    status: output.status,
    stderr: output.stderr,
  };
  const reason = output.stderr.trim();
  if (output.status === 128 && /dubious ownership/.test(reason)) {
    return new GitError(
      "untrusted_owner",
      `Git does not trust the repository around ${cwd}, because another user owns it. ` +
        "If you trust it, add it to git's safe.directory setting.",
      details,
    );
  }
  if (output.status === 128 && /not a git repository/i.test(reason)) {
    return new GitError("not_a_repository", `${cwd} is in no git repository.`, details);
  }
  if (output.status === 128 && /must be run in a work tree/.test(reason)) {
    return new GitError("no_work_tree", `${cwd} is in no work tree of a repository.`, details);
  }
  return new GitError(
    "command_failed",
    `git ${args[0] ?? ""} failed in ${cwd} with status ${output.status}${reason === "" ? "." : `: ${reason}`}`,
    details,
  );
}

/** Milliseconds that each call of an information function may take by default. */
export const informationTimeoutMs = 5000;

/**
 * {@link runGit}, for questions whose answer may be missing: null when git is not there, takes too
 * long or cannot be run.
 * @throws GitError `aborted`
 */
export async function askGit(args: readonly string[], call: GitCall): Promise<GitOutput | null> {
  try {
    return await runGit(args, { timeoutMs: informationTimeoutMs, ...withoutUndefined(call) });
  } catch (error) {
    if (error instanceof GitError && error.code === "aborted") throw error;
    return null;
  }
}

function withoutUndefined(call: GitCall): GitCall {
  const { timeoutMs, ...rest } = call;
  return timeoutMs === undefined ? rest : call;
}

/** The output of a question that git answered with status 0, as text without the last line break; or null. */
export async function askGitForText(
  args: readonly string[],
  call: GitCall,
): Promise<string | null> {
  const output = await askGit(args, call);
  return output?.status === 0 ? output.stdout.toString("utf8").replace(/\r?\n$/, "") : null;
}
