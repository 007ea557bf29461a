// What is said of a command line that is not understood: what is wrong, what was probably meant, where to look.
import type { Command } from "commander";
import { nearestWord } from "./nearest-word.ts";

/** The words of a command as a person types them: `codex-ts exec resume`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The names under which a command's own commands can be called. */
export function commandNames(command: Command): readonly string[] {
  return command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
}

/** The text for a word that is no command of `command`. */
export function unknownCommandText(command: Command, word: string): string {
  const meant = nearestWord(word, commandNames(command), /*limit*/ word.length > 4 ? 2 : 1);
  return withHint(command, `unknown command '${word}'${didYouMean(meant)}`);
}

/** The text for what commander made of a command line; `code` and `message` are its error's. */
export function usageText(
  command: Command,
  error: { readonly code: string; readonly message: string },
): string {
  if (error.code === "commander.help") {
    const names = command.commands.map((child) => child.name()).filter((name) => name !== "help");
    return withHint(command, `${pathOf(command)} needs a command: ${names.join(", ")}`);
  }
  if (error.code === "commander.excessArguments") {
    const word = command.args[command.registeredArguments.length] ?? "";
    if (command.registeredArguments.length === 0 && command.commands.length > 0) {
      return unknownCommandText(command, word);
    }
    return withHint(command, `'${word}' is one argument too many for ${pathOf(command)}`);
  }
  const text = error.message.trim().replace(/^error: /i, "");
  return withHint(command, choicesText(text) ?? rewritten(text));
}

/** A value that is none of those that there are: commander lists them, we say which was meant. */
function choicesText(text: string): string | null {
  const match =
    /^option '(?<name>.+)' argument '(?<value>.*)' is invalid\. Allowed choices are (?<all>.+)\.$/s.exec(
      text,
    ) ??
    /^command-argument value '(?<value>.*)' is invalid for argument '(?<name>.+)'\. Allowed choices are (?<all>.+)\.$/s.exec(
      text,
    );
  const { name, value, all } = match?.groups ?? {};
  if (name === undefined || value === undefined || all === undefined) return null;
  const meant = nearestWord(value, all.split(", "), /*limit*/ value.length > 4 ? 2 : 1);
  return `'${value}' is no value for ${name}${didYouMean(meant)}\nIt takes one of: ${all}`;
}

function rewritten(text: string): string {
  return text
    .replace(/^option '(.+)' argument missing$/, "$1 needs a value")
    .replace(
      /^option '(.+)' argument '(.*)' is invalid\. (.)/s,
      (_, name, value, first: string) => {
        return `'${value}' is no value for ${name}: ${first.toLowerCase()}`;
      },
    )
    .replace(/\n\(Did you mean (.+)\?\)/, "; did you mean $1?");
}

function didYouMean(word: string | null): string {
  return word === null ? "" : `; did you mean ${word}?`;
}

function withHint(command: Command, text: string): string {
  return `Error: ${text}\nSee ${pathOf(command)} --help\n`;
}
