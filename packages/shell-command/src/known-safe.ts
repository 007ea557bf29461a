// Commands that only look: they change no files and run no program that they do not name.
import { gitFolders, isSafeGit } from "./safe-git.ts";
import { parsePlainScript, type PlainCommand } from "./plain-script.ts";
import { parseShellCall } from "./shells.ts";

/** On which machine, and in whose repository, a command is to be safe. */
export interface SafetyOptions {
  /** By default this process's. */
  readonly platform?: NodeJS.Platform | undefined;
  /**
   * Whether git may obey the configuration of the repository that a folder is in, which can name
   * programs to run (`core.fsmonitor`, diff drivers, filters). Where it may not, no git command is safe.
   * The folder is absolute, or relative to where the command starts: `"."` is that place itself. By
   * default it may everywhere.
   */
  readonly trustsRepository?: ((folder: string) => boolean) | undefined;
  /** Absolute paths of programs that are what their names say, besides the system's folders. */
  readonly trustedPrograms?: readonly string[] | undefined;
}

const alwaysSafe = new Set(
  (
    "cat cd cut echo expr false grep head id ls nl paste pwd rev seq stat tail tr true uname wc " +
    "which whoami"
  ).split(" "),
);
const onlyOnLinux = new Set(["numfmt", "tac"]);

/** Settings under which git neither writes down what it learned of the files nor asks other programs. */
const lookingGit: Readonly<Record<string, string>> = {
  "core.fsmonitor": "false",
  "diff.autoRefreshIndex": "false",
  "log.showSignature": "false",
};

/**
 * The variables in which to run a command that may run because it only looks, so that this is true:
 * git then does not write into its index what it learned of the files, starts no daemon, checks no
 * signatures, and does not fetch from the network what a partial clone lacks.
 *
 * @param env the variables that the command would have otherwise; they are kept.
 */
export function lookingEnvironment(
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const first = Number.parseInt(env["GIT_CONFIG_COUNT"] ?? "0", 10) || 0;
  const settings = Object.entries(lookingGit).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return {
    ...env,
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_CONFIG_COUNT: String(first + settings.length / 2),
    ...(Object.fromEntries(settings) as Record<string, string>),
  };
}

/** Where a program by its usual name is the usual program. */
const systemFolders = new Set([
  "/bin",
  "/usr/bin",
  "/sbin",
  "/usr/sbin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/run/current-system/sw/bin",
]);

type Arguments = readonly string[];

const safeWith: Readonly<Record<string, (args: Arguments) => boolean>> = {
  base64: (args) => !args.some((arg) => /^-[^-]*o|^--o/.test(arg)),
  find: (args) => !args.some((arg) => findActions.has(arg)),
  git: isSafeGit,
  numfmt: () => true,
  rg: (args) => !args.some(runsProgramInRipgrep),
  sed: isSafeSed,
  // What cannot be read backwards, as a pipe, it first writes to a file.
  tac: (args) => args.some(isOperand) && !args.some((arg) => /^-$|^\/(?:dev|proc)\//.test(arg)),
  // A second operand is a file to write.
  uniq: (args) => args.filter(isOperand).length <= 1,
};

const findActions = new Set(
  "-exec -execdir -ok -okdir -delete -fls -fprint -fprint0 -fprintf".split(" "),
);

/**
 * Whether a command is on the list of those that may run unasked: it reads, and neither writes a file
 * nor runs another program. A shell call is safe when its script is plain and every command of it is.
 * Programs count by bare name or from a system folder, so `./ls` does not.
 *
 * PowerShell calls are never known safe: their language is not parsed here.
 *
 * @example
 * isKnownSafeCommand(["bash", "-lc", "git status && ls | wc -l"]); // true
 * isKnownSafeCommand(["find", ".", "-delete"]); // false
 */
export function isKnownSafeCommand(argv: readonly string[], options: SafetyOptions = {}): boolean {
  return isSafe({ words: argv, expanding: [] }, options, startingFolder);
}

/** Of each command of a plain script whether it is known safe, where the script runs it. */
export function knownSafeCommands(
  script: readonly PlainCommand[],
  options: SafetyOptions = {},
): readonly boolean[] {
  return judgeScript(script, options, startingFolder);
}

/** The folders in which a command may find itself; null when nothing is known of them. */
type Folders = readonly string[] | null;
const startingFolder: Folders = ["."];
const mostFolders = 32;

function judgeScript(
  script: readonly PlainCommand[],
  options: SafetyOptions,
  start: Folders,
): readonly boolean[] {
  let folders = start;
  return script.map((command) => {
    const verdict = isSafe(command, options, folders);
    if (command.words[0] === "cd") folders = foldersAfter(command, folders);
    return verdict;
  });
}

/** A `cd` may fail, be skipped or happen in a subshell: then what follows is where it was before. */
function foldersAfter({ words, expanding }: PlainCommand, folders: Folders): Folders {
  const [target, ...others] = words.slice(words[1] === "--" ? 2 : 1);
  const isKnown = target !== undefined && others.length === 0 && expanding.length === 0;
  if (folders === null || !isKnown || /^[-~]|^$/.test(target)) return null;
  const all = new Set([...folders, ...folders.map((folder) => below(folder, target))]);
  return all.size > mostFolders ? null : [...all];
}

function below(folder: string, path: string): string {
  return /^(?:[/\\]|[A-Za-z]:)/.test(path) ? path : `${folder}/${path}`;
}

function isSafe(
  { words, expanding }: PlainCommand,
  options: SafetyOptions,
  folders: Folders,
): boolean {
  const [program, ...args] = words;
  if (program === undefined || !isTrustedPlace(program, options)) return false;
  const call = parseShellCall(words);
  if (call !== null) {
    const commands = expanding.length === 0 ? parsePlainScript(call.script) : null;
    return commands !== null && !judgeScript(commands, options, folders).includes(false);
  }
  const { platform = process.platform, trustsRepository = () => true } = options;
  const name = programName(program, platform);
  if (alwaysSafe.has(name)) return true;
  if (onlyOnLinux.has(name) && platform !== "linux") return false;
  if (!Object.hasOwn(safeWith, name)) return false;
  // Patterns expand to words that are not known here: to options where a file's name begins with a
  // dash, and to any number of operands.
  const hidesOptions = expanding.some((index) => /^[*?[{-]/.test(words[index] ?? ""));
  if (hidesOptions || (name === "uniq" && expanding.length > 0)) return false;
  if (name === "git") {
    const places = gitFolders(args)?.reduce<Folders>(
      (all, path) => all?.map((folder) => below(folder, path)) ?? null,
      folders,
    );
    if (places?.every((folder) => trustsRepository(folder)) !== true) return false;
  }
  return safeWith[name]?.(args) ?? false;
}

function programName(program: string, platform: NodeJS.Platform): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return platform === "win32" ? name.toLowerCase().replace(/\.(?:exe|cmd|bat|com)$/, "") : name;
}

function isTrustedPlace(program: string, { trustedPrograms = [] }: SafetyOptions): boolean {
  if (!/[/\\]/.test(program) || trustedPrograms.includes(program)) return true;
  return systemFolders.has(program.slice(0, program.lastIndexOf("/")));
}

/** `--pre` and `--hostname-bin` run a program, `-z` runs decompressors. */
function runsProgramInRipgrep(arg: string): boolean {
  if (/^--(?:pre|hostname-bin)(?:=|$)|^--search-zip$/.test(arg)) return true;
  if (!/^-[^-]/.test(arg)) return false;
  // Short options can stand together, up to the first that takes the rest as its value.
  for (const option of arg.slice(1)) {
    if (option === "z") return true;
    if ("ABCEMTdefgjmrt".includes(option)) return false;
  }
  return false;
}

function isOperand(arg: string): boolean {
  return !/^-./.test(arg);
}

/** Only the printing of lines by number: `sed -n 5p FILE`, `sed -n 1,5p FILE`. */
function isSafeSed(args: Arguments): boolean {
  const [quiet, script, file] = args;
  if (args.length > 3 || quiet !== "-n" || !/^\d+(?:,\d+)?p$/.test(script ?? "")) return false;
  return file === undefined || !/^-./.test(file);
}
