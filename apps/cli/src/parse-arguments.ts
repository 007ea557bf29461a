// From the words of a command line to what is to be done, or to a text for whoever typed them.
import { type Command, CommanderError, Help, type Option } from "commander";
import { nearestWord } from "./nearest-word.ts";
import { buildProgram, type Invocation } from "./program.ts";
import { moveResumeToFront } from "./resume-words.ts";
import { commandNames, pathOf, unknownCommandText, usageText } from "./usage-text.ts";

/** What parsing came to: something to do, or text to show with an exit code. */
export type Parsed =
  | { readonly kind: "run"; readonly invocation: Invocation }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage_error"; readonly text: string };

export interface ParseOptions {
  /** Width for help texts, in columns. */
  readonly columns: number;
}

/** Reads the arguments behind the program's name. Never throws for what a person typed. */
export function parseArguments(args: readonly string[], options: ParseOptions): Parsed {
  let out = "";
  let shown: Command | null = null;
  const isShort = asksForShortHelp(args);
  let invocation: Invocation | null = null;
  const program = buildProgram((chosen) => {
    invocation = chosen;
  });
  visit(program, (command) => {
    command.exitOverride();
    command.configureHelp({
      minWidthToWrap: 24,
      groupItems: ownGroupFirst,
      subcommandTerm,
      ...(isShort ? { visibleOptions: shortOptions } : {}),
    });
    command.configureOutput({
      writeOut: (text) => {
        shown = command;
        out += text;
      },
      // The error that is thrown has the text as well.
      writeErr: () => {
        shown = command;
      },
      getOutHelpWidth: () => options.columns,
      getErrHelpWidth: () => options.columns,
    });
  });
  const helped = helpWords(args, program);
  if ("kind" in helped) return helped;
  try {
    program.parse(moveResumeToFront(helped, valueFlagsOf(program, "exec")), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      return { kind: "help", text: isShort && shown !== null ? shortHelp(shown) : out };
    }
    return (
      mistypedCommand(program) ?? {
        kind: "usage_error",
        text: usageText(shown ?? chosenCommand(program), error),
      }
    );
  }
  const chosen = invocation as Invocation | null;
  if (chosen?.command === "interactive") {
    const mistyped = mistypedCommand(program);
    if (mistyped !== null) return mistyped;
  }
  if (invocation === null) return { kind: "help", text: program.helpInformation() };
  return { kind: "run", invocation };
}

/** A first word that is one slip of the finger away from a command is no prompt. */
function mistypedCommand(program: Command): Parsed | null {
  const [word] = program.args;
  const names = commandNames(program);
  if (word === undefined || word.length < 3 || names.includes(word)) return null;
  if (nearestWord(word, names, /*limit*/ 1) === null) return null;
  return { kind: "usage_error", text: unknownCommandText(program, word) };
}

/** The innermost command whose name was read. */
function chosenCommand(command: Command): Command {
  const [word] = command.args;
  const child = command.commands.find(
    (one) => word !== undefined && [one.name(), ...one.aliases()].includes(word),
  );
  return child === undefined ? command : chosenCommand(child);
}

/** `help exec resume` asks what `exec resume --help` asks. */
function helpWords(args: readonly string[], program: Command): readonly string[] | Parsed {
  const [first, ...words] = args;
  if (first !== "help" || words.some((word) => word.startsWith("-"))) return args;
  let command = program;
  for (const word of words) {
    const child = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (child === undefined) {
      return { kind: "usage_error", text: unknownCommandText(command, word) };
    }
    command = child;
  }
  return [...words, "--help"];
}

/** The flags of a command that take a value, by all their names. */
function valueFlagsOf(program: Command, name: string): ReadonlySet<string> {
  const command = program.commands.find((one) => one.name() === name);
  const options = (command?.options ?? []).filter(({ required }) => required);
  return new Set(options.flatMap(({ long, short }) => [long, short].filter((one) => one != null)));
}

function visit(command: Command, each: (command: Command) => void): void {
  each(command);
  for (const child of command.commands) visit(child, each);
}

/** `-h`, unless `--help` stands there as well or the dashes end before it. */
function asksForShortHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.includes("-h") && !flags.includes("--help");
}

/** A command's own flags stand in front of those that it shares with others. */
function ownGroupFirst<T extends Command | Option>(
  unsorted: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const groups = [...new Help().groupItems(unsorted, visible, groupOf)];
  return new Map(groups.toSorted(([one], [other]) => rank(one) - rank(other)));
}

function rank(group: string): number {
  return group === "Options:" ? 0 : 1;
}

/** As commander has it, without the `[options]` that every command takes. */
function subcommandTerm(command: Command): string {
  return new Help().subcommandTerm(command).replace(" [options]", "");
}

/** Of the flags that many commands share, the short help has those that have a short name. */
function shortOptions(command: Command): Option[] {
  return new Help()
    .visibleOptions(command)
    .filter(({ helpGroupHeading, short }) => helpGroupHeading === undefined || short !== undefined);
}

function shortHelp(command: Command): string {
  const left = new Help().visibleOptions(command).length - shortOptions(command).length;
  const more = left === 0 ? "" : `${left} more flags, `;
  return `${command.helpInformation()}\nFor ${more}examples and variables: ${pathOf(command)} --help\n`;
}
