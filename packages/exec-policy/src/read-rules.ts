// Runs a rules file: constants, and calls with keyword and positional arguments. What else Starlark has
// is refused where it stands.
import { type Place, RuleError } from "./exec-policy-error.ts";
import { lexRules, type RuleToken } from "./lex-rules.ts";

/** null is `None`. */
export type RuleValue = string | number | boolean | null | readonly RuleValue[];

export interface RuleArgument extends Place {
  readonly value: RuleValue;
}

/** A call of a builtin. Its place is that of its name. */
export interface RuleCall extends Place {
  readonly name: string;
  readonly positional: readonly RuleArgument[];
  readonly named: ReadonlyMap<string, RuleArgument>;
}

/** Takes the calls in order; what it throws ends the reading. */
export type CallTaker = (call: RuleCall) => void;

const constants: ReadonlyMap<string, RuleValue> = new Map<string, RuleValue>([
  ["None", null],
  ["True", true],
  ["False", false],
]);

const keywords = new Set(
  (
    "and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda load nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/** How deep brackets may stand in each other. */
const maximumDepth = 100;

/**
 * @param builtins the names that may be called.
 * @throws RuleError for anything that the language does not have.
 */
export function readRules(
  source: string,
  file: string,
  builtins: ReadonlySet<string>,
  takeCall: CallTaker,
): void {
  const tokens = lexRules(source, file);
  const variables = new Map(constants);
  let position = 0;
  let depth = 0;

  const fail = (place: Place, problem: string): never => {
    throw new RuleError(file, place, problem);
  };
  const peek = (): RuleToken => {
    const token = tokens[position] ?? tokens.at(-1);
    return token ?? { kind: "end", line: 1, column: 1 };
  };
  const next = (): RuleToken => {
    const token = peek();
    position += 1;
    return token;
  };
  const isSymbol = (token: RuleToken, text: string): boolean =>
    token.kind === "symbol" && token.text === text;
  const takeSymbol = (text: string): boolean => {
    if (!isSymbol(peek(), text)) return false;
    position += 1;
    return true;
  };

  const lookUp = (name: string, place: Place): RuleValue => {
    const value = variables.get(name);
    if (value !== undefined) return value;
    if (keywords.has(name)) return fail(place, `\`${name}\` is not supported in rules files`);
    if (builtins.has(name)) return fail(place, `\`${name}\` must be called`);
    return fail(place, `unknown name \`${name}\``);
  };

  const expression = (): RuleValue => {
    depth += 1;
    if (depth > maximumDepth) fail(peek(), "too many brackets in each other");
    let value = operand();
    for (;;) {
      const place = peek();
      if (!takeSymbol("+")) break;
      value = sum(value, operand(), place);
    }
    depth -= 1;
    return value;
  };

  const sum = (left: RuleValue, right: RuleValue, place: Place): RuleValue => {
    if (typeof left === "string" && typeof right === "string") return left + right;
    if (isList(left) && isList(right)) return [...left, ...right];
    return fail(place, `cannot add ${kindOf(right)} to ${kindOf(left)}`);
  };

  const operand = (): RuleValue => {
    const value = operandWithoutTail();
    const tail = peek();
    if (tail.kind === "string") return fail(tail, "strings are joined by `+`");
    const isTail = tail.kind === "symbol" && !/^[+,=()\]{}:]$/.test(tail.text);
    if (isTail || (tail.kind === "name" && keywords.has(tail.text))) {
      return fail(tail, `\`${tail.text}\` is not supported in rules files`);
    }
    return value;
  };

  const operandWithoutTail = (): RuleValue => {
    const token = next();
    switch (token.kind) {
      case "string":
        return token.pieces
          .map((piece) =>
            piece.kind === "text"
              ? piece.text
              : inserted(lookUp(piece.name, token), piece.name, token),
          )
          .join("");
      case "number":
        return /^\d+$/.test(token.text)
          ? Number(token.text)
          : fail(token, `\`${token.text}\` is not a number that rules files may hold`);
      case "name":
        if (!isSymbol(peek(), "(")) return lookUp(token.text, token);
        call(token.text, token);
        return null;
      case "symbol":
        if (token.text === "[") return list();
        if (token.text === "(") return grouped(token);
        return fail(token, `unexpected \`${token.text}\``);
      case "newline":
      case "indent":
        return fail(token, "the line ends where a value was expected");
      case "end":
        return fail(token, "the file ends where a value was expected");
    }
  };

  const inserted = (value: RuleValue, name: string, place: Place): string =>
    typeof value === "string"
      ? value
      : fail(place, `\`${name}\` is ${kindOf(value)}; only strings go into a string with \`f\``);

  /** After an opening bracket. */
  const list = (): RuleValue => {
    const values: RuleValue[] = [];
    while (!takeSymbol("]")) {
      values.push(expression());
      separator("]");
    }
    return values;
  };

  const separator = (closing: string): void => {
    if (takeSymbol(",") || isSymbol(peek(), closing)) return;
    const token = peek();
    const found = "text" in token ? `\`${token.text}\`` : "the end of the file";
    fail(token, `expected \`,\` or \`${closing}\`, found ${found}`);
  };

  const grouped = (place: Place): RuleValue => {
    if (isSymbol(peek(), ")"))
      return fail(place, "tuples are not supported in rules files; use a list");
    const value = expression();
    if (takeSymbol(")")) return value;
    if (isSymbol(peek(), ",")) {
      return fail(peek(), "tuples are not supported in rules files; use a list");
    }
    return fail(peek(), "expected `)`");
  };

  const call = (name: string, place: Place): void => {
    if (keywords.has(name)) fail(place, `\`${name}\` is not supported in rules files`);
    if (!builtins.has(name)) {
      const known = [...builtins].map((builtin) => `\`${builtin}\``).join(", ");
      fail(place, `unknown function \`${name}\`; rules files may call ${known}`);
    }
    position += 1;
    const positional: RuleArgument[] = [];
    const named = new Map<string, RuleArgument>();
    while (!takeSymbol(")")) {
      const { line, column } = peek();
      const key = argumentName();
      if (key === null && named.size > 0) {
        fail(peek(), "arguments without a name must stand before those with one");
      }
      if (key !== null && named.has(key)) fail({ line, column }, `\`${key}\` is given twice`);
      const argument = { value: expression(), line, column };
      if (key === null) positional.push(argument);
      else named.set(key, argument);
      separator(")");
    }
    takeCall({ name, positional, named, line: place.line, column: place.column });
  };

  const argumentName = (): string | null => {
    const token = peek();
    const after = tokens[position + 1];
    if (token.kind !== "name" || after === undefined || !isSymbol(after, "=")) return null;
    position += 2;
    return token.text;
  };

  const statement = (): void => {
    const token = peek();
    if (token.kind === "indent") fail(token, "a statement must begin at the start of its line");
    const target = argumentName();
    if (target === null) {
      if (token.kind === "name" && keywords.has(token.text)) lookUp(token.text, token);
      expression();
    } else {
      if (builtins.has(target) || constants.has(target) || keywords.has(target)) {
        fail(token, `\`${target}\` cannot be given another meaning`);
      }
      variables.set(target, expression());
    }
    const end = next();
    if (end.kind !== "newline") {
      fail(end, `unexpected ${"text" in end ? `\`${end.text}\`` : "value"} after a statement`);
    }
  };

  while (peek().kind !== "end") {
    if (peek().kind === "newline") position += 1;
    else statement();
  }
}

export function isList(value: RuleValue): value is readonly RuleValue[] {
  return Array.isArray(value);
}

/** What a value is, for messages. */
export function kindOf(value: RuleValue): string {
  if (value === null) return "None";
  if (isList(value)) return "a list";
  if (typeof value === "boolean") return "a truth value";
  return typeof value === "string" ? "a string" : "a number";
}
