// Commands that only look: they change no files and run no program that they do not name.
import { isSafeGit } from "./safe-git.ts";
import { parsePlainScript, type PlainCommand } from "./plain-script.ts";
import { parseShellCall } from "./shells.ts";

/** On which machine, and in whose repository, a command is to be safe. */
export interface SafetyOptions {
  /** By default this process's. */
  readonly platform?: NodeJS.Platform | undefined;
  /**
   * Whether git may obey the configuration of the repository it is run in, which can name programs to
   * run (`core.fsmonitor`, diff drivers, pagers). Where it may not, no git command is safe. By default
   * it may.
   */
  readonly trustsRepository?: boolean | undefined;
  /** Absolute paths of programs that are what their names say, besides the system's folders. */
  readonly trustedPrograms?: readonly string[] | undefined;
}

const alwaysSafe = new Set(
  (
    "cat cd cut echo expr false grep head id ls nl paste pwd rev seq stat tail tr true uname wc " +
    "which whoami"
  ).split(" "),
);
const safeOnLinux = new Set(["numfmt", "tac"]);

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
  rg: (args) => !args.some(runsProgramInRipgrep),
  sed: isSafeSed,
  // A second operand is a file to write.
  uniq: (args) => args.filter((arg) => !/^-./.test(arg)).length <= 1,
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
  return isSafe({ words: argv, expanding: [] }, options);
}

function isSafe({ words, expanding }: PlainCommand, options: SafetyOptions): boolean {
  const [program, ...args] = words;
  if (program === undefined || !isTrustedPlace(program, options)) return false;
  const call = parseShellCall(words);
  if (call !== null) {
    const commands = expanding.length === 0 ? parsePlainScript(call.script) : null;
    return commands?.every((command) => isSafe(command, options)) ?? false;
  }
  const { platform = process.platform, trustsRepository = true } = options;
  const name = programName(program, platform);
  if (alwaysSafe.has(name) || (platform === "linux" && safeOnLinux.has(name))) return true;
  if (name === "git" && !trustsRepository) return false;
  if (!Object.hasOwn(safeWith, name)) return false;
  // Patterns expand to words that are not known here: to options where a file's name begins with a
  // dash, and to any number of operands.
  const hidesOptions = expanding.some((index) => /^[*?[{-]/.test(words[index] ?? ""));
  if (hidesOptions || (name === "uniq" && expanding.length > 0)) return false;
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

/** Only the printing of lines by number: `sed -n 5p FILE`, `sed -n 1,5p FILE`. */
function isSafeSed(args: Arguments): boolean {
  const [quiet, script, file] = args;
  if (args.length > 3 || quiet !== "-n" || !/^\d+(?:,\d+)?p$/.test(script ?? "")) return false;
  return file === undefined || !/^-./.test(file);
}
