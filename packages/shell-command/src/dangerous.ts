// Commands that may destroy more than their author meant. Unlike the list of safe commands this looks
// into every script, plain or not, and guesses: what it misses is not thereby harmless.
import { isDangerousOnWindows } from "./dangerous-windows.ts";
import { lexShell, type ShellWord, substitutedScripts, wordText } from "./lex-shell.ts";
import { shellKindOf } from "./shells.ts";
import { unwrapCommand } from "./unwrap-command.ts";

/** How deep scripts within scripts are followed. */
const maximumDepth = 8;

/**
 * Whether a command should be asked about even where commands run unasked: it deletes by force
 * (`rm -f`, `git clean -f`), makes or wipes a file system, or writes to a device. Wrappers such as
 * `sudo`, `env` and `xargs` are looked through, and so are scripts, their substitutions and the
 * scripts that they hand to other shells. On Windows, forced deletions by PowerShell or cmd count as
 * well, and so does opening a URL.
 *
 * @example
 * isDangerousCommand(["bash", "-lc", "cd build && sudo rm -r -f ."]); // true
 */
export function isDangerousCommand(
  argv: readonly string[],
  options: { readonly platform?: NodeJS.Platform | undefined } = {},
): boolean {
  const { platform = process.platform } = options;
  return isDangerous(argv, /*depth*/ 0) || (platform === "win32" && isDangerousOnWindows(argv));
}

function isDangerous(argv: readonly string[], depth: number): boolean {
  const words = unwrapCommand(argv);
  const [program, ...args] = words;
  if (program === undefined || depth > maximumDepth) return false;
  const name = program.slice(program.lastIndexOf("/") + 1);
  if (shellKindOf(program) !== null) {
    const script = scriptArgument(args);
    return script !== undefined && isDangerousScript(script, depth + 1);
  }
  if (name.startsWith("mkfs")) return true;
  switch (name) {
    case "rm":
      return hasOption(args, "f", "--force");
    case "git":
      return isForcedClean(args);
    case "find":
      return runsDangerousProgram(args, depth);
    case "dd":
      return args.some((arg) => arg.startsWith("of=") && isDevice(arg.slice(3)));
    case "wipefs":
      return hasOption(args, "a", "--all");
    case "eval":
      return isDangerousScript(args.join(" "), depth + 1);
    default:
      return false;
  }
}

function scriptArgument(args: readonly string[]): string | undefined {
  const flag = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  return flag === -1 ? undefined : args[flag + 1];
}

/** Whether an option stands among the arguments, alone or with other letters, before `--`. */
function hasOption(args: readonly string[], letter: string, long: string): boolean {
  const end = args.indexOf("--");
  return args
    .slice(0, end === -1 ? args.length : end)
    .some((arg) => arg === long || (/^-[^-]/.test(arg) && arg.includes(letter)));
}

function isForcedClean(args: readonly string[]): boolean {
  const valued = new Set(["-C", "-c", "--git-dir", "--work-tree", "--namespace"]);
  let index = 0;
  for (let arg = args[0]; arg?.startsWith("-"); arg = args[index]) index += valued.has(arg) ? 2 : 1;
  const rest = args.slice(index + 1);
  return (
    args[index] === "clean" && hasOption(rest, "f", "--force") && !hasOption(rest, "n", "--dry-run")
  );
}

function runsDangerousProgram(args: readonly string[], depth: number): boolean {
  return args.some(
    (arg, index) =>
      /^-(?:exec|execdir|ok|okdir)$/.test(arg) && isDangerous(args.slice(index + 1), depth + 1),
  );
}

/** Whether writing to `path` overwrites a device, rather than going to a stream or nowhere. */
function isDevice(path: string): boolean {
  const isHarmless =
    /^\/dev\/(?:null|zero|full|tty|ptmx|stdin|stdout|stderr|random|urandom|(?:fd|pts|shm|mqueue|tcp|udp)\/.*)$/;
  return /^\/+dev\/+./.test(path) && !isHarmless.test(path.replaceAll(/\/+/g, "/"));
}

function isDangerousScript(script: string, depth: number): boolean {
  if (depth > maximumDepth) return false;
  let words: ShellWord[] = [];
  const { tokens } = lexShell(script);
  for (const token of [...tokens, { kind: "newline" } as const]) {
    if (token.kind === "word") {
      words.push(token.word);
    } else if (token.kind === "redirect") {
      if (token.operator.includes(">") && isDevice(wordText(token.target))) return true;
      if (hidesDanger(token.target, depth)) return true;
    } else if (token.kind === "heredoc") {
      const program = unwrapCommand(words.map(wordText))[0] ?? "";
      const isScript = shellKindOf(program) !== null;
      if (isScript && isDangerousScript(token.heredoc.body, depth + 1)) return true;
    } else {
      if (isDangerous(words.map(wordText), depth)) return true;
      if (words.some((word) => hidesDanger(word, depth))) return true;
      words = [];
    }
  }
  return false;
}

/** Whether a command that is substituted in a word is dangerous itself. */
function hidesDanger(word: ShellWord, depth: number): boolean {
  return substitutedScripts(word).some((script) => isDangerousScript(script, depth + 1));
}
