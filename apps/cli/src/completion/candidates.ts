// What may stand at the cursor of a command line, by the program's own definition.
import type { Argument, Command, Option } from "commander";

/** One word that fits. */
export interface Candidate {
  readonly value: string;
  /** For shells that show one; may be empty. */
  readonly description: string;
}

/** What only this machine knows. */
export type DynamicValues =
  | "sessions"
  | "profiles"
  | "models"
  | "features"
  | "servers"
  | "branches"
  | "hook_events";

/** What fits: words, words that have to be looked up, or names that the shell knows better itself. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly Candidate[] }
  | {
      readonly kind: "dynamic";
      readonly of: DynamicValues;
      /** Stands in front of each value: `--model=`, or `a,` of a list. */
      readonly prefix: string;
      /** Fit as well. */
      readonly words: readonly Candidate[];
    }
  | { readonly kind: "files" }
  | { readonly kind: "folders" };

/** What the names of values in the grammar stand for. */
const dynamicKinds: Readonly<Record<string, DynamicValues>> = {
  SESSION: "sessions",
  SESSION_ID: "sessions",
  PROFILE: "profiles",
  MODEL: "models",
  FEATURE: "features",
  SERVER: "servers",
  BRANCH: "branches",
  EVENT: "hook_events",
};

const fileNames: ReadonlySet<string> = new Set(["FILE", "PROMPT", "COMMAND"]);

const nothing: Completion = { kind: "words", words: [] };

/**
 * Completes `current`, the word at the cursor as far as it is typed, behind `words`, those in front of it
 * without the program's name. Words are given without their quotes.
 */
export function complete(program: Command, words: readonly string[], current: string): Completion {
  let command = program;
  let position = 0;
  let pending: Option | undefined;
  let isPassedOn = false;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (isPassedOn || !word.startsWith("-") || word === "-") {
      const child = isPassedOn || position > 0 ? undefined : childOf(command, word);
      if (child === undefined) position += 1;
      else command = child;
    } else if (word === "--") {
      isPassedOn = true;
    } else if (!word.includes("=")) {
      const option = optionOf(command, word);
      if (option !== undefined && takesValue(option)) pending = option;
    }
  }
  if (pending !== undefined) return valuesOf(pending, current, /*prefix*/ "");
  if (!isPassedOn && current.startsWith("-")) return completeFlag(command, current);
  return completeWord(command, position, current, isPassedOn);
}

function childOf(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function completeFlag(command: Command, current: string): Completion {
  const equals = current.indexOf("=");
  if (equals >= 0) {
    const option = optionOf(command, current.slice(0, equals));
    if (option === undefined || !takesValue(option)) return nothing;
    return valuesOf(option, current.slice(equals + 1), current.slice(0, equals + 1));
  }
  const flags = [
    ...command.options.filter(({ hidden }) => !hidden),
    ...(command.createHelp().visibleOptions(command).filter(isHelp) ?? []),
  ];
  return chosen(
    flags.flatMap(({ long, short, description }) =>
      [long, short].flatMap((value) =>
        value === undefined || value === null ? [] : [{ value, description }],
      ),
    ),
    current,
  );
}

function isHelp({ long }: Option): boolean {
  return long === "--help";
}

function completeWord(
  command: Command,
  position: number,
  current: string,
  isPassedOn: boolean,
): Completion {
  const children =
    position > 0 || isPassedOn ? [] : command.commands.filter((child) => !isHidden(child));
  const words = children.map((child) => ({
    value: child.name(),
    description: child.description(),
  }));
  const argument = argumentAt(command, position);
  if (argument === undefined) return chosen(words, current);
  const own = (argument.argChoices ?? []).map((value) => ({ value, description: "" }));
  const name = placeholder(argument.name());
  const of = dynamicKinds[name];
  if (of !== undefined) {
    return { kind: "dynamic", of, prefix: "", words: starting(words, current) };
  }
  const found = starting([...own, ...words], current);
  if (found.length > 0 || own.length > 0) return { kind: "words", words: found };
  if (name === "DIR") return { kind: "folders" };
  return fileNames.has(name) ? { kind: "files" } : nothing;
}

/** The argument at a position; a variadic one takes all that come after it. */
function argumentAt({ registeredArguments }: Command, position: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[position] ?? (last?.variadic === true ? last : undefined);
}

/** Commands that help lists. */
function isHidden(command: Command): boolean {
  return command.parent?.createHelp().visibleCommands(command.parent).includes(command) === false;
}

function valuesOf(option: Option, current: string, prefix: string): Completion {
  if (option.argChoices !== undefined) {
    const choices = option.argChoices.map((value) => ({ value, description: "" }));
    const words = starting(choices, current).map(({ value, description }) => ({
      value: prefix + value,
      description,
    }));
    return { kind: "words", words };
  }
  const name = placeholder(/[<[](.+)[\]>]/.exec(option.flags)?.[1] ?? "");
  const of = dynamicKinds[name];
  if (of !== undefined) return { kind: "dynamic", of, prefix, words: [] };
  if (name === "DIR") return { kind: "folders" };
  return fileNames.has(name) ? { kind: "files" } : nothing;
}

/** `FILE` of `FILE[,FILE]` and of `FILE...`. */
function placeholder(text: string): string {
  return /^[A-Z_]+/.exec(text.toUpperCase())?.[0] ?? "";
}

function chosen(words: readonly Candidate[], current: string): Completion {
  return { kind: "words", words: starting(words, current) };
}

function starting(words: readonly Candidate[], current: string): readonly Candidate[] {
  return words.filter(({ value }) => value.startsWith(current));
}
