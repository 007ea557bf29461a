// The grammar of `codex-ts sessions`.
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { addConfigFlags, type ConfigFlags } from "./flags.ts";

export interface SessionFilter {
  readonly archived: boolean;
  /** Only sessions that began in this folder. */
  readonly here: boolean;
  readonly search: string | undefined;
  readonly sort: "created" | "updated";
  readonly limit: number;
  readonly cursor: string | undefined;
}

export type SessionsInvocation =
  | {
      readonly command: "sessions list";
      readonly config: ConfigFlags;
      readonly filter: SessionFilter;
      readonly json: boolean;
    }
  | {
      readonly command: "sessions show";
      readonly config: ConfigFlags;
      readonly session: string;
      readonly json: boolean;
    }
  | {
      readonly command: "sessions name";
      readonly config: ConfigFlags;
      readonly session: string;
      readonly name: string;
    }
  | {
      readonly command: "sessions archive";
      readonly config: ConfigFlags;
      readonly sessions: readonly string[];
      /** Back to the listing. */
      readonly undo: boolean;
      readonly json: boolean;
    }
  | {
      readonly command: "sessions undo";
      readonly config: ConfigFlags;
      /** Undefined: the newest one of this folder. */
      readonly session: string | undefined;
      readonly json: boolean;
    }
  | {
      readonly command: "sessions export";
      readonly config: ConfigFlags;
      readonly session: string;
      readonly format: "md" | "html" | "json" | undefined;
      readonly output: string | undefined;
      readonly json: boolean;
    };

interface ListFlags {
  readonly archived?: true;
  readonly here?: true;
  readonly search?: string;
  readonly sort: SessionFilter["sort"];
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: true;
}

export function addSessionsCommand(
  program: Command,
  config: ConfigFlags,
  choose: (invocation: SessionsInvocation) => void,
): void {
  const sessions = program
    .command("sessions")
    .description("find, read, name, archive, undo and export earlier sessions");
  addConfigFlags(sessions, config);

  const list = sessions
    .command("list")
    .description("list sessions, the one that changed last first")
    .option("--search <TEXT>", "only those with this text in their name or first message")
    .option("--here", "only those that began in this folder")
    .option("--archived", "archived sessions instead")
    .addOption(
      new Option("--sort <BY>", "what the order goes by")
        .choices(["updated", "created"])
        .default("updated"),
    )
    .addOption(new Option("--limit <N>", "how many").argParser(positive).default(20))
    .option("--cursor <TOKEN>", "the page behind this one, as the page before names it")
    .option("--json", "print JSON")
    .action((flags: ListFlags) =>
      choose({
        command: "sessions list",
        config,
        json: flags.json === true,
        filter: {
          archived: flags.archived === true,
          here: flags.here === true,
          search: flags.search,
          sort: flags.sort,
          limit: flags.limit,
          cursor: flags.cursor,
        },
      }),
    );
  addConfigFlags(list, config);

  const show = sessions
    .command("show")
    .description("print what was said and done in a session")
    .argument("<SESSION>", "id or name")
    .option("--json", "print JSON")
    .action((session: string, flags: { readonly json?: true }) =>
      choose({ command: "sessions show", config, session, json: flags.json === true }),
    );
  addConfigFlags(show, config);

  const name = sessions
    .command("name")
    .description("give a session a name, by which it is found from then on")
    .argument("<SESSION>", "id or name")
    .argument("<NAME>", "the new name")
    .action((session: string, newName: string) =>
      choose({ command: "sessions name", config, session, name: newName }),
    );
  addConfigFlags(name, config);

  const archive = sessions
    .command("archive")
    .description("take sessions out of the listing; nothing is deleted")
    .argument("<SESSION...>", "ids or names")
    .option("--undo", "bring archived sessions back")
    .option("--json", "print JSON")
    .action((names: readonly string[], flags: { readonly undo?: true; readonly json?: true }) =>
      choose({
        command: "sessions archive",
        config,
        sessions: names,
        undo: flags.undo === true,
        json: flags.json === true,
      }),
    );
  addConfigFlags(archive, config);

  const undo = sessions
    .command("undo")
    .description("bring files back to how they were before a session's last turn")
    .argument("[SESSION]", "id or name; by default the newest session of this folder")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nNeeds the feature `undo` to have been on in that turn, and a git repository. Each call goes one\nturn further back. Ignored files, branches and what is staged stay as they are.",
    )
    .action((session: string | undefined, flags: { readonly json?: true }) =>
      choose({ command: "sessions undo", config, session, json: flags.json === true }),
    );
  addConfigFlags(undo, config);

  const exportCommand = sessions
    .command("export")
    .description("write a session as Markdown, as one HTML page, or as JSON")
    .addArgument(new Argument("<SESSION>", "id or name"))
    .addOption(
      new Option("--format <FORMAT>", "by default what the file's name says, else md").choices([
        "md",
        "html",
        "json",
      ]),
    )
    .option("-o, --output <FILE>", "where to; standard output by default")
    .option("--json", "with --output: say as JSON what was written")
    .action(
      (
        session: string,
        flags: {
          readonly format?: "md" | "html" | "json";
          readonly output?: string;
          readonly json?: true;
        },
      ) =>
        choose({
          command: "sessions export",
          config,
          session,
          format: flags.format,
          output: flags.output,
          json: flags.json === true,
        }),
    );
  addConfigFlags(exportCommand, config);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError("It takes a whole number from 1 up.");
  }
  return value;
}
