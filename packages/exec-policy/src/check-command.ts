// What `execpolicy check` prints.
import { type FallbackOptions, matchCommand } from "./match-command.ts";
import { type Decision, type Policy, type RuleSource, strictest } from "./policy.ts";

/** A rule that matched, as `execpolicy check` prints it. */
export interface PrefixRuleMatchJson {
  readonly matchedPrefix: readonly string[];
  readonly decision: Decision;
  /** The absolute path of the command, where a rule for the program's name matched it. */
  readonly resolvedProgram?: string;
  readonly justification?: string;
  /** Only with `showSources`. */
  readonly source?: RuleSource;
}

/** A match as `execpolicy check` prints it: a rule's, or the fallback's where no rule speaks. */
export type CheckedMatch =
  | { readonly prefixRuleMatch: PrefixRuleMatchJson }
  | {
      readonly heuristicsRuleMatch: {
        readonly command: readonly string[];
        readonly decision: Decision;
      };
    };

/** As JSON the line that `execpolicy check` prints; keys are in the order that is printed. */
export interface CheckResult {
  readonly matchedRules: readonly CheckedMatch[];
  /** Absent when nothing matches. */
  readonly decision?: Decision;
}

/** How to match, and how much to print. */
export interface CheckOptions extends FallbackOptions {
  /** Whether to say of each match where its rule stands. */
  readonly showSources?: boolean | undefined;
}

/**
 * Judges one command as it stands: no shell script in it is looked into, and without a fallback only
 * rules speak.
 *
 * @example
 * JSON.stringify(checkCommand(policy, ["git", "push"]));
 * // {"matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["git"],"decision":"prompt"}}],"decision":"prompt"}
 */
export function checkCommand(
  policy: Policy,
  argv: readonly string[],
  options: CheckOptions = {},
): CheckResult {
  const matches = matchCommand(policy, argv, options);
  const decision = strictest(matches.map((match) => match.decision));
  const matchedRules = matches.map((match): CheckedMatch => {
    if (match.kind === "heuristic") {
      return { heuristicsRuleMatch: { command: match.command, decision: match.decision } };
    }
    const { justification, source } = match.rule;
    return {
      prefixRuleMatch: {
        matchedPrefix: match.matchedPrefix,
        decision: match.decision,
        ...(match.resolvedProgram !== null && { resolvedProgram: match.resolvedProgram }),
        ...(justification !== null && { justification }),
        ...(options.showSources === true && { source }),
      },
    };
  });
  return decision === null ? { matchedRules } : { matchedRules, decision };
}
