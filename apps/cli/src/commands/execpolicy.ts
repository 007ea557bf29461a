// `codex-ts execpolicy check`: what rules files say of a command.
import { checkCommand, ExecPolicyError, loadRulesFiles, RuleError } from "@codex-ts/exec-policy";
import { fromAbsolute } from "@codex-ts/absolute-path";
import { Failure } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

export interface ExecPolicyCheck {
  readonly rules: readonly string[];
  readonly pretty: boolean;
  readonly resolveHostExecutables: boolean;
  readonly words: readonly string[];
}

/** Prints one line of JSON; the exit code is 0 whatever the rules say. */
export async function runExecPolicyCheck(
  { rules, pretty, resolveHostExecutables, words }: ExecPolicyCheck,
  terminal: Terminal,
): Promise<number> {
  const paths = rules.map((path) => fromAbsolute(path, { cwd: terminal.cwd }));
  try {
    const policy = await loadRulesFiles(paths);
    const result = checkCommand(policy, words, { resolveHostExecutables });
    terminal.stdout(`${JSON.stringify(result, undefined, pretty ? 2 : undefined)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof RuleError || error instanceof ExecPolicyError) {
      throw new Failure(error.message, { cause: error });
    }
    throw error;
  }
}
