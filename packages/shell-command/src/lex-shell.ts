// A script of a POSIX-like shell as tokens, with what each word is made of. The lexer knows more than
// the plain subset, so that its readers can say what they refuse, and so that scripts outside the
// subset can still be looked through for dangerous commands.

/** A run of a word under one kind of quoting; `raw` is the source between the quotes. */
export interface WordPart {
  readonly quote: "none" | "single" | "double";
  readonly raw: string;
}

export type ShellWord = readonly WordPart[];

export interface Heredoc {
  readonly delimiter: string;
  /** A quoted delimiter keeps the shell from expanding the body. */
  readonly isQuoted: boolean;
  readonly body: string;
}

export type ShellToken =
  | { readonly kind: "word"; readonly word: ShellWord }
  | { readonly kind: "operator"; readonly text: string }
  | { readonly kind: "newline" }
  | { readonly kind: "comment" }
  | { readonly kind: "redirect"; readonly operator: string; readonly target: ShellWord }
  | { readonly kind: "heredoc"; readonly heredoc: Heredoc };

export interface LexedScript {
  readonly tokens: readonly ShellToken[];
  /** False when a quote, a substitution or a here-document is not closed. */
  readonly isComplete: boolean;
}

const operatorPattern = /[<>]\(|&&|\|\||\|&|;;&|;;|;&|[;&|()]/y;
const redirectPattern = /\d*(?:&>>|&>|<<<|<<-|<<|<&|<>|<|>>|>&|>\||>)(?!\()/y;
const blankPattern = /(?:[ \t]|\\\n)*/y;
const commentPattern = /#[^\n]*/y;
/** Line continuations after which a word does not go on. */
const endOfWordPattern = /(?:\\\n)+(?=[ \t\n;&|()<>]|$)/y;
const bareCharacter = /[^ \t\n;&|()<>]/;

interface Lexer {
  readonly script: string;
  position: number;
  isComplete: boolean;
}

interface PendingHeredoc {
  readonly tokenIndex: number;
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly stripsTabs: boolean;
}

/** Splits `script` into tokens. What is not closed runs to the end. */
export function lexShell(script: string): LexedScript {
  const lexer: Lexer = { script, position: 0, isComplete: true };
  const tokens: ShellToken[] = [];
  let pending: PendingHeredoc[] = [];
  for (;;) {
    take(lexer, blankPattern);
    if (lexer.position >= script.length) break;
    if (script[lexer.position] === "\n") {
      lexer.position += 1;
      tokens.push({ kind: "newline" });
      for (const heredoc of pending) {
        tokens[heredoc.tokenIndex] = { kind: "heredoc", heredoc: readHeredoc(lexer, heredoc) };
      }
      pending = [];
      continue;
    }
    if (take(lexer, commentPattern) !== "") {
      tokens.push({ kind: "comment" });
      continue;
    }
    const redirect = take(lexer, redirectPattern);
    if (redirect !== "") {
      const operator = redirect.replace(/^\d+/, "");
      take(lexer, blankPattern);
      const target = readWord(lexer);
      if (operator === "<<" || operator === "<<-") {
        pending.push({
          tokenIndex: tokens.length,
          delimiter: wordText(target),
          isQuoted: target.some((part) => part.quote !== "none" || part.raw.includes("\\")),
          stripsTabs: operator === "<<-",
        });
      }
      tokens.push({ kind: "redirect", operator, target });
      continue;
    }
    const operator = take(lexer, operatorPattern);
    if (operator === "") tokens.push({ kind: "word", word: readWord(lexer) });
    else tokens.push({ kind: "operator", text: operator });
  }
  return { tokens, isComplete: lexer.isComplete && pending.length === 0 };
}

function take(lexer: Lexer, pattern: RegExp): string {
  pattern.lastIndex = lexer.position;
  const found = pattern.exec(lexer.script)?.[0] ?? "";
  lexer.position += found.length;
  return found;
}

function isAhead(lexer: Lexer, pattern: RegExp): boolean {
  pattern.lastIndex = lexer.position;
  return pattern.test(lexer.script);
}

function readHeredoc(lexer: Lexer, heredoc: PendingHeredoc): Heredoc {
  const { script } = lexer;
  const { delimiter, isQuoted } = heredoc;
  let body = "";
  while (lexer.position < script.length) {
    const newline = script.indexOf("\n", lexer.position);
    const end = newline === -1 ? script.length : newline;
    const raw = script.slice(lexer.position, end);
    const line = heredoc.stripsTabs ? raw.replace(/^\t+/, "") : raw;
    if (line === delimiter) {
      // The newline after the delimiter ends the command, so it is left to be read.
      lexer.position = end;
      return { delimiter, isQuoted, body };
    }
    body += `${line}\n`;
    lexer.position = end + 1;
  }
  lexer.isComplete = false;
  return { delimiter, isQuoted, body };
}

function readWord(lexer: Lexer): ShellWord {
  const { script } = lexer;
  const parts: WordPart[] = [];
  for (;;) {
    if (isAhead(lexer, endOfWordPattern)) return parts;
    const character = script[lexer.position];
    if (character === "'") {
      parts.push({ quote: "single", raw: readQuoted(lexer, (at) => script.indexOf("'", at)) });
    } else if (character === '"') {
      parts.push({
        quote: "double",
        raw: readQuoted(lexer, (at) => endOfDoubleQuotes(script, at)),
      });
    } else if (character !== undefined && bareCharacter.test(character)) {
      parts.push({ quote: "none", raw: readBare(lexer) });
    } else {
      return parts;
    }
  }
}

function readQuoted(lexer: Lexer, findEnd: (from: number) => number): string {
  const start = lexer.position + 1;
  const found = findEnd(start);
  const end = found === -1 ? lexer.script.length : found;
  if (found === -1) lexer.isComplete = false;
  lexer.position = end + 1;
  return lexer.script.slice(start, end);
}

function readBare(lexer: Lexer): string {
  const { script } = lexer;
  const start = lexer.position;
  for (;;) {
    const character = script[lexer.position];
    if (character === undefined || character === "'" || character === '"') break;
    if (!bareCharacter.test(character) || isAhead(lexer, endOfWordPattern)) break;
    if (character === "\\") {
      if (lexer.position + 1 >= script.length) lexer.isComplete = false;
      lexer.position += 2;
      continue;
    }
    const end = endOfSubstitution(script, lexer.position);
    if (end === -1) lexer.isComplete = false;
    lexer.position = end === -1 ? script.length : (end ?? lexer.position + 1);
  }
  lexer.position = Math.min(lexer.position, script.length);
  return script.slice(start, lexer.position);
}

/** How deep quotes and substitutions may stand in each other; deeper ones count as not closed. */
const maximumNesting = 100;

/** Where the double quotes opened before `from` close; -1 if they do not. */
function endOfDoubleQuotes(script: string, from: number, nesting = 0): number {
  for (let at = from; at < script.length;) {
    if (script[at] === '"') return at;
    if (script[at] === "\\") {
      at += 2;
      continue;
    }
    const end = endOfSubstitution(script, at, nesting);
    if (end === -1) return -1;
    at = end ?? at + 1;
  }
  return -1;
}

/** Where the `$(…)`, `${…}` or backquotes that open at `at` end; null if none does, -1 if it is not closed. */
function endOfSubstitution(script: string, at: number, nesting = 0): number | null {
  const opening = script.slice(at, at + 2);
  if (opening === "$(") return endOfNesting(script, at + 2, "(", ")", nesting);
  if (opening === "${") return endOfNesting(script, at + 2, "{", "}", nesting);
  if (script[at] !== "`") return null;
  for (let inside = at + 1; inside < script.length; inside += 1) {
    if (script[inside] === "`") return inside + 1;
    if (script[inside] === "\\") inside += 1;
  }
  return -1;
}

function endOfNesting(
  script: string,
  from: number,
  open: string,
  close: string,
  nesting: number,
): number {
  if (nesting >= maximumNesting) return -1;
  let depth = 1;
  for (let at = from; at < script.length; at += 1) {
    const character = script[at];
    if (character === "\\") at += 1;
    else if (character === open) depth += 1;
    else if (character === close) depth -= 1;
    else if (character === "'") at = script.indexOf("'", at + 1);
    else if (character === '"') at = endOfDoubleQuotes(script, at + 1, nesting + 1);
    if (at === -1) return -1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** The insides of the substitutions of a word, one after the other; those within them are theirs. */
export function substitutedScripts(word: ShellWord): string[] {
  const scripts: string[] = [];
  for (const { quote, raw } of word) {
    if (quote === "single") continue;
    for (let at = 0; at < raw.length;) {
      if (raw[at] === "\\") {
        at += 2;
        continue;
      }
      const end = endOfSubstitution(raw, at);
      if (end !== null) {
        const inside = at + (raw[at] === "`" ? 1 : 2);
        scripts.push(end === -1 ? raw.slice(inside) : raw.slice(inside, end - 1));
      }
      at = end === -1 ? raw.length : (end ?? at + 1);
    }
  }
  return scripts;
}

/** What the shell makes of a word when nothing in it expands: quotes are removed and escapes undone. */
export function wordText(word: ShellWord): string {
  return word
    .map(({ quote, raw }) => {
      if (quote === "single") return raw;
      const escapes = quote === "double" ? /\\(?:\n|([$`"\\]))/g : /\\(?:\n|([^\n]))/gu;
      return raw.replaceAll(escapes, (_, character: string | undefined) => character ?? "");
    })
    .join("");
}

/** Whether a variable, a command or arithmetic is substituted in the word. */
export function hasSubstitution(word: ShellWord): boolean {
  return word.some(({ quote, raw }) => quote !== "single" && /[$`]/.test(withoutEscapes(raw)));
}

/** Whether the shell may put other words in the word's place: files that match it, or alternatives. */
export function hasPattern(word: ShellWord): boolean {
  return word.some(
    ({ quote, raw }) => quote === "none" && /[*?[]|\{(?!\})/.test(withoutEscapes(raw)),
  );
}

/** A bare or double-quoted part with every escaped character left out. */
export function withoutEscapes(raw: string): string {
  return raw.replaceAll(/\\[^]/g, "");
}
