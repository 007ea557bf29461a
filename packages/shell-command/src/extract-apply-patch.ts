// Finds a patch in the argv of a shell call.
import { hasPattern, hasSubstitution, lexShell, type ShellWord, wordText } from "./lex-shell.ts";
import { parseShellCall, shellKindOf } from "./shells.ts";

/** What {@link extractApplyPatch} finds in an argv. */
export type ApplyPatchCall =
  /** A call of apply_patch with `body`, in the folder `directory` (as written; null for the current one). */
  | { readonly kind: "patch"; readonly body: string; readonly directory: string | null }
  /** A patch without a command that would apply it. */
  | { readonly kind: "implicit" }
  | { readonly kind: "none" };

const none: ApplyPatchCall = { kind: "none" };

/**
 * Recognises the ways in which a model calls apply_patch through a shell tool: `apply_patch PATCH` as
 * an argv; or a shell whose whole script is `apply_patch` with a here-document, after no more than
 * `cd DIR &&`. `applypatch` is another name of it. Anything else is `none`: the command runs as any
 * other.
 *
 * The body is what stands in the here-document, without its last newlines; nothing in it expands.
 *
 * @param isPatch whether a text parses as a patch; asked to find patches that nothing applies.
 * @example
 * extractApplyPatch(["bash", "-lc", "cd src && apply_patch <<'EOF'\n…\nEOF"], isPatch);
 * // { kind: "patch", body: "…", directory: "src" }
 */
export function extractApplyPatch(
  argv: readonly string[],
  isPatch: (text: string) => boolean,
): ApplyPatchCall {
  const [first, second] = argv;
  if (first === undefined) return none;
  if (argv.length === 1 && isPatch(first)) return { kind: "implicit" };
  const script = scriptOf(argv);
  if (script !== null && isPatch(script)) return { kind: "implicit" };
  if (argv.length === 2 && second !== undefined && isApplyPatch(first)) {
    return { kind: "patch", body: second, directory: null };
  }
  return script === null ? none : readScript(script);
}

function isApplyPatch(program: string): boolean {
  return program === "apply_patch" || program === "applypatch";
}

/** The script of a call of any shell, with Windows spellings. */
function scriptOf(argv: readonly string[]): string | null {
  const [program, ...rest] = argv;
  if (program === undefined) return null;
  const name = program.toLowerCase();
  const unixCall = parseShellCall([name, ...rest]);
  if (unixCall !== null) return unixCall.script;
  const kind = shellKindOf(name);
  const flags = rest.slice(0, -1).map((flag) => flag.toLowerCase());
  const isPowerShell = kind === "powershell" && /^(?:-noprofile )?-command$/.test(flags.join(" "));
  const isCmd = kind === "cmd" && flags.join(" ") === "/c";
  return isPowerShell || isCmd ? (rest.at(-1) ?? null) : null;
}

function readScript(script: string): ApplyPatchCall {
  const { tokens, isComplete } = lexShell(script.replaceAll("\r\n", "\n"));
  if (!isComplete) return none;
  const rest = tokens.filter((token) => token.kind !== "newline");
  const first = tokens.findIndex((token) => token.kind !== "newline");
  const words = rest.map((token) => (token.kind === "word" ? token.word : null));
  let directory: string | null = null;
  let position = 0;
  if (isBare(words[0], (name) => name === "cd")) {
    directory = directoryName(words[1]);
    const joint = rest[2];
    if (directory === null || joint?.kind !== "operator" || joint.text !== "&&") return none;
    position = 3;
  }
  const heredoc = rest[position + 1];
  const isCall = isBare(words[position], isApplyPatch) && heredoc?.kind === "heredoc";
  if (!isCall || rest.length !== position + 2) return none;
  // Newlines may stand before the call and after the here-document, not within.
  if (tokens.slice(first, first + rest.length).some((token) => token.kind === "newline"))
    return none;
  return { kind: "patch", body: heredoc.heredoc.body.replace(/\n+$/, ""), directory };
}

function isBare(word: ShellWord | null | undefined, isName: (name: string) => boolean): boolean {
  const [part] = word ?? [];
  return word?.length === 1 && part?.quote === "none" && isName(part.raw);
}

/** A folder that is known without running anything: one bare word or one quoted string. */
function directoryName(word: ShellWord | null | undefined): string | null {
  if (word == null || word.length !== 1) return null;
  if (hasSubstitution(word) || hasPattern(word)) return null;
  const [part] = word;
  if (part?.quote === "none" && /^[~-]/.test(part.raw)) return null;
  return wordText(word);
}
