// `codex-ts execpolicy …`: commands, flags and help.
import type { Decision } from "@codex-ts/exec-policy";
import { type Command, Option } from "commander";
import { addConfigFlags, collected, type ConfigFlags } from "./flags.ts";

export type ExecPolicyInvocation =
  | {
      readonly command: "execpolicy check";
      readonly rules: readonly string[];
      readonly pretty: boolean;
      readonly resolveHostExecutables: boolean;
      /** Whether to say of each match where its rule stands. */
      readonly sources: boolean;
      readonly words: readonly string[];
    }
  | { readonly command: "execpolicy list"; readonly config: ConfigFlags; readonly json: boolean }
  | {
      readonly command: "execpolicy add";
      readonly config: ConfigFlags;
      readonly json: boolean;
      readonly decision: Decision;
      readonly justification: string | undefined;
      readonly words: readonly string[];
    }
  | {
      readonly command: "execpolicy remove";
      readonly config: ConfigFlags;
      readonly json: boolean;
      readonly words: readonly string[];
    };

interface JsonFlag {
  readonly json?: true;
}

const decisions = ["allow", "prompt", "forbidden"] as const satisfies readonly Decision[];

const EXAMPLES = `
Examples:
  codex-ts execpolicy list
  codex-ts execpolicy add cargo test
  codex-ts execpolicy add --decision forbidden --justification "ask Kim" git push
  codex-ts execpolicy remove cargo test
  codex-ts execpolicy check -r team.rules git push --force`;

const ADD_NOTES = `
The rule goes to the file rules/default.rules of the home folder. What it allows
runs unasked and outside the sandbox. It is refused when it would allow any
command at all, or would change nothing because a stricter rule speaks of the
same. Sessions that run already do not see it.`;

export function addExecPolicyCommand(
  program: Command,
  config: ConfigFlags,
  choose: (invocation: ExecPolicyInvocation) => void,
): void {
  const group = program
    .command("execpolicy")
    .description("look at the rules for commands, and change your own")
    .addHelpText("after", EXAMPLES);

  const list = group
    .command("list")
    .description("print every rule that holds here, with its layer, file and line")
    .option("--json", "print JSON")
    .action(({ json }: JsonFlag) =>
      choose({ command: "execpolicy list", config, json: json === true }),
    );
  addConfigFlags(list, config);

  const add = group
    .command("add")
    .description("save a rule for commands that begin with these words")
    .argument("<WORD...>", "how the command begins; a single text is split as a shell would")
    .passThroughOptions()
    .addOption(
      new Option("--decision <DECISION>", "what becomes of them")
        .choices(decisions)
        .default("allow"),
    )
    .option("--justification <TEXT>", "why, for whoever meets the rule")
    .option("--json", "print JSON")
    .action(
      (
        words: readonly string[],
        flags: JsonFlag & { readonly decision: Decision; readonly justification?: string },
      ) =>
        choose({
          command: "execpolicy add",
          config,
          json: flags.json === true,
          decision: flags.decision,
          justification: flags.justification,
          words,
        }),
    )
    .addHelpText("after", ADD_NOTES);
  addConfigFlags(add, config);

  const remove = group
    .command("remove")
    .description("take your saved rules for exactly these words out of rules/default.rules")
    .argument("<WORD...>", "all words of the rule; a single text is split as a shell would")
    .passThroughOptions()
    .option("--json", "print JSON")
    .action((words: readonly string[], { json }: JsonFlag) =>
      choose({ command: "execpolicy remove", config, json: json === true, words }),
    );
  addConfigFlags(remove, config);

  const rules: string[] = [];
  group
    .command("check")
    .description("say what rules files say of a command, as JSON")
    .argument("<COMMAND...>", "the command, word by word")
    .passThroughOptions()
    .addOption(
      collected("-r, --rules <FILE>", "a rules file; may be repeated", rules).makeOptionMandatory(),
    )
    .option("--pretty", "print the JSON on several lines")
    .option("--sources", "say of each match in which file and line its rule stands")
    .option("--resolve-host-executables", "let rules for a bare name speak of absolute paths too")
    .action(
      (
        words: readonly string[],
        flags: {
          readonly pretty?: true;
          readonly sources?: true;
          readonly resolveHostExecutables?: true;
        },
      ) =>
        choose({
          command: "execpolicy check",
          rules,
          pretty: flags.pretty === true,
          sources: flags.sources === true,
          resolveHostExecutables: flags.resolveHostExecutables === true,
          words,
        }),
    );
}
