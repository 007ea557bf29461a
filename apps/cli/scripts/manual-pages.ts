// The manual: a page for each command and all below it, from the definition that also parses and helps.
import { type Argument, type Command, Help, type Option } from "commander";
import { buildProgram } from "../src/program.ts";

const note =
  "<!-- Written by `pnpm run manual` in apps/cli, from the definition of the commands. -->";

/** The pages by the names of their files. */
export function manualPages(): ReadonlyMap<string, string> {
  const program = buildProgram(() => {});
  const groups = new Help().visibleCommands(program).filter((command) => command.name() !== "help");
  return new Map([
    ["README.md", indexPage(program, groups)],
    ...groups.map((command): [string, string] => [
      `${command.name()}.md`,
      `${[note, ...sectionsOf(command, /*depth*/ 1)].join("\n\n")}\n`,
    ]),
  ]);
}

function indexPage(program: Command, groups: readonly Command[]): string {
  const rows = groups.map(
    (command) => `- [${pathOf(command)}](${command.name()}.md): ${command.description()}`,
  );
  return `${[note, "# Commands", rows.join("\n"), ...partsOf(program, /*depth*/ 1)].join("\n\n")}\n`;
}

function sectionsOf(command: Command, depth: number): readonly string[] {
  const children = new Help().visibleCommands(command).filter((child) => child.name() !== "help");
  return [
    `${"#".repeat(depth)} ${pathOf(command)}`,
    sentence(command.description()),
    ...partsOf(command, depth),
    ...children.flatMap((child) => sectionsOf(child, depth + 1)),
  ];
}

/** Usage, arguments, flags, and what long help says behind them. */
function partsOf(command: Command, depth: number): readonly string[] {
  const help = new Help();
  const parts = [fenced(new Help().commandUsage(command))];
  const args = help.visibleArguments(command).map(argumentLine);
  if (args.length > 0) parts.push(args.join("\n"));
  const flags = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const own = flags.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
  if (own.length > 0) parts.push(`Flags:\n\n${own.map(optionLine).join("\n")}`);
  const shared = Map.groupBy(
    flags.filter(({ helpGroupHeading }) => helpGroupHeading !== undefined),
    ({ helpGroupHeading }) => helpGroupHeading,
  );
  for (const [heading, options] of shared) {
    // Spelled out once, at the head of a page.
    const lines =
      depth === 1
        ? options.map(optionLine).join("\n")
        : options.map(({ long, short }) => `\`${short ?? long}\``).join(", ");
    const [name = ""] = (heading ?? "").split(":");
    parts.push(depth === 1 ? `${name}:\n\n${lines}` : `[${name}](README.md): ${lines}`);
  }
  const more = longNotes(command);
  if (more !== "") parts.push(fenced(more));
  return parts;
}

function argumentLine(argument: Argument): string {
  const { argChoices: choices, variadic } = argument;
  const words = choices === undefined ? "" : ` (${choices.join(", ")})`;
  return `- \`${argument.name()}${variadic ? "…" : ""}\`: ${argument.description}${words}`;
}

function optionLine({ flags, description, argChoices: choices }: Option): string {
  return `- \`${flags}\`: ${description}${choices === undefined ? "" : ` (${choices.join(", ")})`}`;
}

/** What long help prints behind the flags. */
function longNotes(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text.slice(command.helpInformation().length).trim();
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}
