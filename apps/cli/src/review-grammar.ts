// The grammar of `codex-ts exec review` and `codex-ts review`.
import { type Command, CommanderError, Option } from "commander";

/** What to review, as the command line says it. */
export type ReviewChoice =
  | { readonly of: "uncommitted" }
  | { readonly of: "branch"; readonly branch: string }
  | { readonly of: "commit"; readonly sha: string; readonly title: string | undefined }
  /** By the prompt. */
  | { readonly of: "instructions" };

interface ReviewFlags {
  readonly uncommitted?: true;
  readonly base?: string;
  readonly commit?: string;
  readonly title?: string;
}

const EXAMPLES = `
Examples:
  codex-ts review --uncommitted               what has changed here and is not committed
  codex-ts review --base main                 this branch, before it is merged
  codex-ts review --commit HEAD~2             one commit
  codex-ts exec review --json "look for races in the cache"
  codex-ts exec review -m gpt-5.4 -o review.md --uncommitted

The reviewer reads and runs, and changes nothing by intent; its sandbox is that of
the run, read-only by default. review_model in config.toml gives it a model of its own.`;

/** Adds the command below `parent`. */
export function addReviewCommand(
  parent: Command,
  choose: (review: ReviewChoice, prompt: string | undefined) => void,
): Command {
  const targets = ["uncommitted", "base", "commit"];
  const others = (name: string): string[] => targets.filter((target) => target !== name);
  return parent
    .command("review")
    .description("have a change reviewed: what breaks, where, and how sure that is")
    .argument("[PROMPT]", "what to review, in your own words; - reads it from standard input")
    .addOption(
      new Option("--uncommitted", "what is changed, staged or untracked").conflicts(
        others("uncommitted"),
      ),
    )
    .addOption(
      new Option("--base <BRANCH>", "what this branch has and that one has not").conflicts(
        others("base"),
      ),
    )
    .addOption(new Option("--commit <SHA>", "what one commit changes").conflicts(others("commit")))
    .option("--title <TITLE>", "with --commit: its title, for people")
    .action((prompt: string | undefined, flags: ReviewFlags) => {
      choose(choiceOf(flags, prompt), prompt);
    })
    .addHelpText("after", EXAMPLES);
}

function choiceOf(flags: ReviewFlags, prompt: string | undefined): ReviewChoice {
  const { uncommitted, base, commit, title } = flags;
  if (title !== undefined && commit === undefined) throw wrongUsage("--title goes with --commit");
  const flag = uncommitted === true ? "--uncommitted" : base === undefined ? "--commit" : "--base";
  const hasTarget = uncommitted === true || base !== undefined || commit !== undefined;
  if (hasTarget && prompt !== undefined) {
    throw wrongUsage(`${flag} and a PROMPT exclude each other`);
  }
  if (uncommitted === true) return { of: "uncommitted" };
  if (base !== undefined) return { of: "branch", branch: base };
  if (commit !== undefined) return { of: "commit", sha: commit, title };
  return { of: "instructions" };
}

function wrongUsage(message: string): CommanderError {
  return new CommanderError(2, "codex-ts.usage", `Error: ${message}`);
}
