// What one character of a pattern can stand for: itself, an escape, a class.
import type { PatternReader } from "./pattern-reader.ts";

export type CharacterTest = (character: string) => boolean;

export function anyCharacter(): boolean {
  return true;
}

export function notLineFeed(character: string): boolean {
  return character !== "\n";
}

export function exactly(wanted: string, ignoreCase: boolean): CharacterTest {
  const test: CharacterTest = (character) => character === wanted;
  return ignoreCase ? withoutCase(test) : test;
}

function withoutCase(test: CharacterTest): CharacterTest {
  return (character) =>
    test(character) || test(character.toLowerCase()) || test(character.toUpperCase());
}

/** A set of characters that an escape such as `\d` stands for. */
interface EscapedSet {
  readonly test: CharacterTest;
}

// As Rust has them: in Unicode, not ASCII alone.
const perlClasses: Readonly<Record<string, RegExp>> = {
  d: /^\p{Nd}$/u,
  w: /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u,
  s: /^\p{White_Space}$/u,
};

const controlCharacters: Readonly<Record<string, string>> = {
  a: "\u0007",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Reads what follows a backslash. @throws PatternSyntaxError when it has no meaning. */
export function parseEscape(reader: PatternReader): string | EscapedSet {
  const character = reader.next();
  const set = perlClasses[character.toLowerCase()];
  if (set !== undefined) return matching(set, character !== character.toLowerCase());
  const control = controlCharacters[character];
  if (control !== undefined) return control;
  if (character === "p" || character === "P") return parseProperty(reader, character === "P");
  if (character === "x" || character === "u" || character === "U") {
    return parseCodePoint(reader, { x: 2, u: 4, U: 8 }[character]);
  }
  if (/\d/.test(character)) return reader.fail("back-references are not supported");
  if (/[A-Za-z<>]/.test(character) || character > "\u007f") {
    return reader.fail(`\`\\${character}\` has no meaning`);
  }
  return character;
}

function matching(pattern: RegExp, negated: boolean): EscapedSet {
  return { test: (character) => pattern.test(character) !== negated };
}

function parseProperty(reader: PatternReader, negated: boolean): EscapedSet {
  let name = reader.take("{") ? reader.until("}") : reader.next();
  let inverted = negated;
  if (name.startsWith("^")) {
    name = name.slice(1);
    inverted = !inverted;
  }
  if (!/^[A-Za-z0-9_=]+$/.test(name)) reader.fail("a bad Unicode property");
  for (const property of [name, `Script=${name}`]) {
    try {
      return matching(new RegExp(`^\\p{${property}}$`, "u"), inverted);
    } catch {
      // Tried as a script next.
    }
  }
  return reader.fail(`the Unicode property \`${name}\` is not known`);
}

function parseCodePoint(reader: PatternReader, length: number): string {
  let digits = "";
  if (reader.take("{")) digits = reader.until("}");
  else while (digits.length < length) digits += reader.next();
  const codePoint = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  if (!(codePoint <= 0x10ffff)) reader.fail("a bad code point");
  return String.fromCodePoint(codePoint);
}

/** Reads a class whose `[` has been read. @throws PatternSyntaxError */
export function parseClass(reader: PatternReader, ignoreCase: boolean): CharacterTest {
  const negated = reader.take("^");
  const tests: CharacterTest[] = [];
  while (tests.length === 0 || reader.peek() !== "]") {
    if (reader.peek() === "[") reader.fail("a class inside a class is not supported");
    for (const operator of ["&&", "--", "~~"]) {
      if (reader.take(operator)) reader.fail(`\`${operator}\` in a class is not supported`);
    }
    const low = parseMember(reader);
    if (typeof low !== "string") {
      tests.push(low.test);
      continue;
    }
    if (
      reader.peek() !== "-" ||
      reader.peek(/*ahead*/ 1) === "]" ||
      reader.peek(/*ahead*/ 1) === "-"
    ) {
      tests.push(exactly(low, /*ignoreCase*/ false));
      continue;
    }
    reader.take("-");
    const high = parseMember(reader);
    if (typeof high !== "string") return reader.fail("a range must end in a character");
    tests.push(range(reader, low, high));
  }
  reader.take("]");
  const any: CharacterTest = (character) => tests.some((test) => test(character));
  const test = ignoreCase ? withoutCase(any) : any;
  return negated ? (character) => !test(character) : test;
}

function parseMember(reader: PatternReader): string | EscapedSet {
  const character = reader.next();
  return character === "\\" ? parseEscape(reader) : character;
}

function range(reader: PatternReader, low: string, high: string): CharacterTest {
  const first = low.codePointAt(0) ?? 0;
  const last = high.codePointAt(0) ?? 0;
  if (first > last) reader.fail("a range that runs backwards");
  return (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return codePoint >= first && codePoint <= last;
  };
}
