// Regular expressions that are searched in time linear in pattern and input: no look-around, no
// back-references, no backtracking. The syntax is the portable core that Rust's `regex` accepts too
// (https://docs.rs/regex/latest/regex/#syntax); what the two do not share is refused.
import {
  anyCharacter,
  type CharacterTest,
  exactly,
  notLineFeed,
  parseClass,
  parseEscape,
} from "./pattern-characters.ts";
import { PatternReader, PatternSyntaxError } from "./pattern-reader.ts";

/** A compiled pattern. */
export interface LinearPattern {
  /** Whether the pattern is found anywhere in `text`. */
  search(text: string): boolean;
}

type Assertion = "start" | "end" | "line-start" | "line-end" | "word-edge" | "no-word-edge";

type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number };

type Step =
  | { readonly op: "character"; readonly test: CharacterTest }
  | { readonly op: "assertion"; readonly assertion: Assertion }
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "jump"; target: number }
  | { readonly op: "match" };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

const maxSteps = 20_000;
const maxDepth = 100;

/** Compiles a pattern. @throws PatternSyntaxError with what is wrong and at which character. */
export function compileLinearPattern(source: string): LinearPattern {
  const reader = new PatternReader(source);
  const root = parseChoice(
    reader,
    { ignoreCase: false, multiLine: false, dotAll: false },
    /*depth*/ 0,
  );
  if (!reader.done) reader.fail("`)` without `(`");
  const steps: Step[] = [];
  emit(root, steps);
  steps.push({ op: "match" });
  return { search: (text) => search(steps, Array.from(text)) };
}

function parseChoice(reader: PatternReader, outer: Flags, depth: number): Node {
  if (depth > maxDepth) reader.fail("groups are nested too deeply");
  // `(?i)` holds to the end of the group, across `|`.
  let flags = outer;
  const options: Node[] = [];
  let parts: Node[] = [];
  for (;;) {
    if (reader.done || reader.peek() === ")") break;
    if (reader.take("|")) {
      options.push(sequence(parts));
      parts = [];
      continue;
    }
    const atom = parseAtom(reader, flags, depth);
    if ("flags" in atom) {
      flags = atom.flags;
      continue;
    }
    parts.push(parseRepeats(reader, atom.node));
  }
  options.push(sequence(parts));
  return options.length === 1 ? sequence(parts) : { kind: "choice", options };
}

function sequence(parts: readonly Node[]): Node {
  const [only] = parts;
  if (only === undefined) return { kind: "empty" };
  return parts.length === 1 ? only : { kind: "sequence", parts };
}

function parseAtom(
  reader: PatternReader,
  flags: Flags,
  depth: number,
): { readonly node: Node } | { readonly flags: Flags } {
  const character = reader.next();
  switch (character) {
    case "(":
      return parseGroup(reader, flags, depth);
    case "[":
      return { node: { kind: "character", test: parseClass(reader, flags.ignoreCase) } };
    case ".":
      return {
        node: { kind: "character", test: flags.dotAll ? anyCharacter : notLineFeed },
      };
    case "^":
      return assertion(flags.multiLine ? "line-start" : "start");
    case "$":
      return assertion(flags.multiLine ? "line-end" : "end");
    case "*":
    case "+":
    case "?":
    case "{":
      return reader.fail(`\`${character}\` has nothing to repeat`);
    case "\\":
      return parseEscapedAtom(reader, flags);
    default:
      return { node: { kind: "character", test: exactly(character, flags.ignoreCase) } };
  }
}

function assertion(kind: Assertion): { readonly node: Node } {
  return { node: { kind: "assertion", assertion: kind } };
}

function parseEscapedAtom(reader: PatternReader, flags: Flags): { readonly node: Node } {
  if (reader.take("b")) return assertion("word-edge");
  if (reader.take("B")) return assertion("no-word-edge");
  if (reader.take("A")) return assertion("start");
  if (reader.take("z")) return assertion("end");
  const escaped = parseEscape(reader);
  const test = typeof escaped === "string" ? exactly(escaped, flags.ignoreCase) : escaped.test;
  return { node: { kind: "character", test } };
}

function parseGroup(
  reader: PatternReader,
  flags: Flags,
  depth: number,
): { readonly node: Node } | { readonly flags: Flags } {
  let inner = flags;
  if (reader.take("?")) {
    if (reader.take("P<") || (reader.peek() === "<" && !/[=!]/.test(reader.peek(/*ahead*/ 1)))) {
      reader.take("<");
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(reader.until(">"))) reader.fail("a bad group name");
    } else if (reader.take("=") || reader.take("!") || reader.take("<")) {
      reader.fail("look-around is not supported");
    } else if (!reader.take(":")) {
      inner = parseFlags(reader, flags);
      if (reader.take(")")) return { flags: inner };
      if (!reader.take(":")) reader.fail("an unknown kind of group");
    }
  }
  const node = parseChoice(reader, inner, depth + 1);
  if (!reader.take(")")) reader.fail("`(` is not closed");
  return { node };
}

function parseFlags(reader: PatternReader, flags: Flags): Flags {
  let { ignoreCase, multiLine, dotAll } = flags;
  let on = true;
  while (!reader.done && reader.peek() !== ")" && reader.peek() !== ":") {
    const flag = reader.next();
    if (flag === "-" && on) on = false;
    else if (flag === "i") ignoreCase = on;
    else if (flag === "m") multiLine = on;
    else if (flag === "s") dotAll = on;
    // Greed makes no difference to whether something is found.
    else if (flag !== "U") reader.fail(`the flag \`${flag}\` is not supported`);
  }
  return { ignoreCase, multiLine, dotAll };
}

function parseRepeats(reader: PatternReader, atom: Node): Node {
  let node = atom;
  for (let stacked = 0; ; stacked++) {
    const [min, max] = parseCount(reader);
    if (min === undefined || max === undefined) return node;
    if (stacked >= maxDepth) reader.fail("too many repetitions of a repetition");
    reader.take("?");
    node = { kind: "repeat", part: node, min, max };
  }
}

function parseCount(reader: PatternReader): readonly [min?: number, max?: number] {
  if (reader.take("*")) return [0, Infinity];
  if (reader.take("+")) return [1, Infinity];
  if (reader.take("?")) return [0, 1];
  if (!reader.take("{")) return [];
  const counts = /^(\d{1,5})(,(\d{1,5})?)?$/.exec(reader.until("}"));
  if (counts === null) return reader.fail("a bad count in `{}`");
  const min = Number(counts[1]);
  const max =
    counts[2] === undefined ? min : counts[3] === undefined ? Infinity : Number(counts[3]);
  if (min > max) reader.fail("a count in `{}` that runs backwards");
  return [min, max];
}

function push(steps: Step[], step: Step): number {
  if (steps.length >= maxSteps) {
    throw new PatternSyntaxError("the pattern is too large once its counts are spelled out");
  }
  return steps.push(step) - 1;
}

function emit(node: Node, steps: Step[]): void {
  switch (node.kind) {
    case "empty":
      return;
    case "character":
      push(steps, { op: "character", test: node.test });
      return;
    case "assertion":
      push(steps, { op: "assertion", assertion: node.assertion });
      return;
    case "sequence":
      for (const part of node.parts) emit(part, steps);
      return;
    case "choice":
      emitChoice(node.options, steps);
      return;
    case "repeat":
      emitRepeat(node.part, node.min, node.max, steps);
  }
}

function emitChoice(options: readonly Node[], steps: Step[]): void {
  const jumps: { target: number }[] = [];
  for (const [index, option] of options.entries()) {
    if (index === options.length - 1) {
      emit(option, steps);
      break;
    }
    const split = { op: "split" as const, first: steps.length + 1, second: 0 };
    push(steps, split);
    emit(option, steps);
    const jump = { op: "jump" as const, target: 0 };
    push(steps, jump);
    jumps.push(jump);
    split.second = steps.length;
  }
  for (const jump of jumps) jump.target = steps.length;
}

function emitRepeat(part: Node, min: number, max: number, steps: Step[]): void {
  // An empty part adds no steps, however often it is repeated.
  for (let count = 0; count < min; count++) {
    const before = steps.length;
    emit(part, steps);
    if (steps.length === before) break;
  }
  if (max === Infinity) {
    const split = { op: "split" as const, first: steps.length + 1, second: 0 };
    const start = push(steps, split);
    emit(part, steps);
    push(steps, { op: "jump", target: start });
    split.second = steps.length;
    return;
  }
  const splits: { second: number }[] = [];
  for (let count = min; count < max; count++) {
    const split = { op: "split" as const, first: steps.length + 1, second: 0 };
    push(steps, split);
    splits.push(split);
    emit(part, steps);
  }
  for (const split of splits) split.second = steps.length;
}

/** All threads advance together, one character at a time: steps × characters at the most. */
function search(steps: readonly Step[], text: readonly string[]): boolean {
  let current: number[] = [];
  const seen = new Int32Array(steps.length).fill(-1);
  for (let position = 0; position <= text.length; position++) {
    if (follow(/*from*/ 0, steps, text, position, seen, current)) return true;
    const character = text[position];
    if (character === undefined) return false;
    const next: number[] = [];
    for (const index of current) {
      const step = steps[index];
      if (step?.op === "character" && step.test(character)) {
        if (follow(index + 1, steps, text, position + 1, seen, next)) return true;
      }
    }
    current = next;
  }
  return false;
}

/** Adds the character steps that can be reached without reading; true when the match is reached. */
function follow(
  from: number,
  steps: readonly Step[],
  text: readonly string[],
  position: number,
  seen: Int32Array,
  reached: number[],
): boolean {
  const pending = [from];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (seen[index] === position) continue;
    seen[index] = position;
    const step = steps[index];
    if (step === undefined) continue;
    if (step.op === "match") return true;
    if (step.op === "character") reached.push(index);
    else if (step.op === "jump") pending.push(step.target);
    else if (step.op === "split") pending.push(step.second, step.first);
    else if (holds(step.assertion, text, position)) pending.push(index + 1);
  }
  return false;
}

const wordCharacter = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;

function holds(kind: Assertion, text: readonly string[], position: number): boolean {
  const before = text[position - 1];
  const after = text[position];
  switch (kind) {
    case "start":
      return before === undefined;
    case "end":
      return after === undefined;
    case "line-start":
      return before === undefined || before === "\n";
    case "line-end":
      return after === undefined || after === "\n";
    case "word-edge":
    case "no-word-edge": {
      const edge = wordCharacter.test(before ?? "") !== wordCharacter.test(after ?? "");
      return edge === (kind === "word-edge");
    }
  }
}
