// The rules of a session: they judge commands, and take in what a person allows for good.
import type { AbsolutePath } from "@codex-ts/absolute-path";
import { addAllowRule, allowPrefix, checkPrefix } from "./amendments.ts";
import {
  type CommandJudgement,
  type CommandPolicyOptions,
  isCoveredBy,
  judgeCommand,
} from "./command-policy.ts";
import { ExecPolicyError } from "./exec-policy-error.ts";
import type { CommandRequest } from "./fallback-decision.ts";
import { createPolicy, type Policy, type RuleSource } from "./policy.ts";
import { saveAllowedPrefix } from "./save-rule.ts";

/** A prefix that is allowed from now on. */
export interface AllowedPrefix {
  readonly prefix: readonly string[];
  /** Where the rule stands; it has no file when it holds for this session alone. */
  readonly source: RuleSource;
  /** Why it could not be saved for good; null when it was. */
  readonly warning: string | null;
}

/** The rules of a session: they judge commands and take in what a person allows for good. */
export interface Rulebook {
  /** The policy of the moment. A thread and its sub-agents share one rulebook. */
  readonly policy: Policy;
  /** Judges a command; reads and writes nothing. */
  judge(request: CommandRequest): CommandJudgement;
  /** Whether a rule that allows `prefix` would let the call run unasked. */
  covers(prefix: readonly string[], request: CommandRequest): boolean;
  /**
   * Allows a prefix from now on, and saves it in `rules/default.rules`. What cannot be saved holds for
   * this session.
   *
   * @throws ExecPolicyError `bad_amendment` for an empty prefix
   */
  allow(prefix: readonly string[], signal?: AbortSignal): Promise<AllowedPrefix>;
}

/** What the rulebook begins with, and where it saves. */
export interface RulebookOptions extends CommandPolicyOptions {
  /** What holds at first; no rules by default. */
  readonly policy?: Policy | undefined;
  /** The home folder of Codex, in which rules are saved; without it they hold for the session alone. */
  readonly codexHome?: AbsolutePath | undefined;
}

/** Makes the rulebook of one session. */
export function createRulebook(options: RulebookOptions = {}): Rulebook {
  const { codexHome, platform, trustedFolders } = options;
  const how: CommandPolicyOptions = { platform, trustedFolders };
  let policy = options.policy ?? createPolicy([]);
  return {
    get policy() {
      return policy;
    },
    judge: (request) => judgeCommand(policy, request, how),
    covers: (prefix, request) =>
      prefix.length > 0 && isCoveredBy(addAllowRule(policy, prefix), request, how),
    async allow(prefix, signal) {
      checkPrefix(prefix);
      const { source, warning } = await save(codexHome, prefix, signal);
      policy = allowPrefix(policy, prefix, source);
      return { prefix, source, warning };
    },
  };
}

const sessionSource: RuleSource = { layer: "session", file: null, line: null };

async function save(
  codexHome: AbsolutePath | undefined,
  prefix: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Pick<AllowedPrefix, "source" | "warning">> {
  if (codexHome === undefined) return { source: sessionSource, warning: null };
  try {
    return {
      source: (await saveAllowedPrefix(codexHome, prefix, { signal })).source,
      warning: null,
    };
  } catch (error) {
    if (!(error instanceof ExecPolicyError)) throw error;
    return { source: sessionSource, warning: error.message };
  }
}
