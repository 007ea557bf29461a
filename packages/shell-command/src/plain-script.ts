// The scripts whose commands can be known without running them: simple commands of literal words,
// joined by && || ; | and newlines.
import {
  type Heredoc,
  hasPattern,
  hasSubstitution,
  lexShell,
  type ShellToken,
  type ShellWord,
  withoutEscapes,
  wordText,
} from "./lex-shell.ts";

/** One simple command of a plain script. */
export interface PlainCommand {
  /** The words as the program receives them: quotes removed, escapes undone. The first is its name. */
  readonly words: readonly string[];
  /** The places of words in which the shell expands file patterns or braces first. */
  readonly expanding: readonly number[];
}

/** A command that is fed by a here-document. */
export interface HeredocCommand {
  readonly words: readonly string[];
  /** Whether it writes to or reads from files as well. */
  readonly hasFileRedirect: boolean;
  /** Whether variables are set for it. */
  readonly hasAssignment: boolean;
}

/** Names that begin something else than a simple command, in bash or zsh. */
const reservedNames = new Set(
  (
    "if then elif else fi for foreach while until do done case esac select in function time coproc " +
    "repeat end nocorrect noglob declare typeset local export readonly unset unsetenv let"
  ).split(" "),
);

/**
 * The commands of a plain script, in order; null for any other script. Plain is a script of simple
 * commands joined by `&&`, `||`, `;`, `|` and newlines, whose words are bare, single-quoted, or
 * double-quoted without expansions, and whose command names are bare words without anything to expand
 * or unescape. So redirections, variables, substitutions, assignments, comments, here-documents,
 * subshells, background commands and control flow all make a script not plain.
 *
 * @example
 * parsePlainScript("ls -a && echo 'hi there' | wc -l")?.map((command) => command.words);
 * // [["ls", "-a"], ["echo", "hi there"], ["wc", "-l"]]
 */
export function parsePlainScript(script: string): readonly PlainCommand[] | null {
  const { tokens, isComplete } = lexShell(script);
  if (!isComplete || hasStrayContinuation(script)) return null;
  const commands: PlainCommand[] = [];
  let words: ShellWord[] = [];
  let mustGoOn = false;
  for (const token of [...tokens, { kind: "newline" } as const]) {
    if (token.kind === "word") {
      words.push(token.word);
      continue;
    }
    const isNewline = token.kind === "newline";
    if (words.length > 0) {
      const command = plainCommand(words);
      if (command === null) return null;
      commands.push(command);
      words = [];
      mustGoOn = token.kind === "operator" && token.text !== ";";
    } else if (!isNewline) {
      return null;
    }
    if (!isNewline && !isJoint(token)) return null;
  }
  return mustGoOn || commands.length === 0 ? null : commands;
}

/** A line continuation where no line goes on: shells and grammars read it differently. */
function hasStrayContinuation(script: string): boolean {
  return /(?:^|\n)[ \t]*\\\n|\\\n\s*$/.test(script);
}

function isJoint(token: ShellToken): boolean {
  return token.kind === "operator" && ["&&", "||", ";", "|"].includes(token.text);
}

function plainCommand(words: readonly ShellWord[]): PlainCommand | null {
  const [name, ...rest] = words;
  if (name === undefined || !isPlainName(name) || !rest.every(isPlainWord)) return null;
  return {
    words: words.map(wordText),
    expanding: words.flatMap((word, index) => (hasPattern(word) ? [index] : [])),
  };
}

function isPlainName(word: ShellWord): boolean {
  const [part] = word;
  return (
    word.length === 1 &&
    part?.quote === "none" &&
    /^[A-Za-z0-9_./][A-Za-z0-9_./-]*\+*$/.test(part.raw) &&
    !/^\d+$/.test(part.raw) &&
    !reservedNames.has(part.raw)
  );
}

function isPlainWord(word: ShellWord): boolean {
  if (hasSubstitution(word)) return false;
  return word.every(({ quote, raw }) => {
    if (/[^\P{Cc}\t\n]/u.test(raw)) return false;
    if (quote !== "none") return true;
    const isEscaped = raw.includes("\\");
    if (isEscaped && (word.length > 1 || /[[\]{}]|^\\ /.test(raw))) return false;
    if (/[^\S ]/u.test(raw) || withoutEscapes(raw).includes("#")) return false;
    return !/[[\]{}]|^=/.test(raw.replaceAll(/\[[^[\]{}]*\]|\{(?![^{}]*\.\.)[^{}]*\}/g, ""));
  });
}

/**
 * The command of a script that is one plain command with a here-document, such as
 * `python3 - <<'EOF'` and its body; null for any other script. Redirections to files, assignments and
 * comments beside it are allowed and are not part of the words. A here-document in which the shell
 * would expand something is refused.
 */
export function parseHeredocCommand(script: string): HeredocCommand | null {
  const { tokens, isComplete } = lexShell(script);
  if (!isComplete || hasStrayContinuation(script)) return null;
  const isEmptyLine = (token: ShellToken) => token.kind === "newline" || token.kind === "comment";
  const start = tokens.findIndex((token) => !isEmptyLine(token));
  const length = tokens.slice(start).findIndex((token) => token.kind === "newline");
  const end = length === -1 ? tokens.length : start + length;
  if (start === -1 || !tokens.slice(end).every(isEmptyLine)) return null;

  const line = tokens.slice(start, end).filter((token) => token.kind !== "comment");
  const words = line.flatMap((token) => (token.kind === "word" ? [token.word] : []));
  const heredocs = line.flatMap((token) => (token.kind === "heredoc" ? [token.heredoc] : []));
  const targets = line.flatMap((token) => (token.kind === "redirect" ? [token.target] : []));
  const [heredoc, ...more] = heredocs;
  if (heredoc === undefined || more.length > 0 || !isInertBody(heredoc)) return null;
  if (line.some((token) => token.kind === "operator" || isHereString(token))) return null;
  // Words that follow a redirection, or that touch it, are read differently by shells and grammars.
  const wordsComeFirst = line.slice(0, words.length).every((token) => token.kind === "word");
  const opening = script.indexOf("<<");
  const isApart = /[ \t]/.test(script.charAt(opening - 1));
  const goesOn = /^[^\n]*\\\n/.test(script.slice(opening));
  if (!wordsComeFirst || !isApart || goesOn || ![...words, ...targets].every(isBareWord))
    return null;

  const assignments = words.findIndex((word) => !isAssignment(word));
  const [name, ...args] = assignments === -1 ? [] : words.slice(assignments);
  if (name === undefined || !isPlainName(name)) return null;
  return {
    words: [name, ...args].map(wordText),
    hasFileRedirect: targets.length > 0,
    hasAssignment: assignments > 0,
  };
}

function isHereString(token: ShellToken): boolean {
  return token.kind === "redirect" && token.operator === "<<<";
}

/** A body that the shell passes on as it is, and whose end nobody can take for another line. */
function isInertBody({ isQuoted, delimiter, body }: Heredoc): boolean {
  if (!/^\w+$/.test(delimiter) || (isQuoted ? /\\[$`]/ : /[$`\\]/).test(body)) return false;
  return !body.split("\n").some((line) => line.trimStart().startsWith(delimiter));
}

function isAssignment(word: ShellWord): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(word[0]?.raw ?? "");
}

function isBareWord(word: ShellWord): boolean {
  const [part] = word;
  return (
    word.length === 1 &&
    part?.quote === "none" &&
    /^[A-Za-z0-9_./:@%+,~-][A-Za-z0-9_./:@%+=,~-]*$/.test(part.raw)
  );
}
