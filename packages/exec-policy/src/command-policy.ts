// Whether a command runs, waits for a person, or is refused; and which rule of which file said so.
import { type AbsolutePath, isInside, resolve } from "@codex-ts/absolute-path";
import { joinWords } from "@codex-ts/shell-command";
import { addAllowRule, generalPrefix, isBannedPrefix } from "./amendments.ts";
import { type CallFacts, type CommandFacts, commandsOfCall } from "./commands-of-call.ts";
import {
  type CommandRequest,
  fallbackDecision,
  type HeuristicReason,
} from "./fallback-decision.ts";
import { matchPrefixes, type PrefixMatch } from "./match-command.ts";
import {
  type BrokenRules,
  type Decision,
  formatRuleSource,
  type Policy,
  strictest,
} from "./policy.ts";

/** What decided about one command. */
export type CommandMatch =
  | PrefixMatch
  | {
      readonly kind: "heuristic";
      readonly decision: Decision;
      readonly command: readonly string[];
      readonly reason: HeuristicReason;
    }
  /** A rules file could not be understood, so everything is asked. */
  | ({ readonly kind: "broken_rules"; readonly decision: "prompt" } & BrokenRules);

/** How a decision came about, as plain data. */
export interface DecisionTrace {
  /** Each command that was judged: those of a plain script, or the whole call. */
  readonly commands: readonly {
    readonly words: readonly string[];
    readonly matches: readonly CommandMatch[];
  }[];
  /** The strictest of all matches. */
  readonly decision: Decision;
  /** The matches that decided: all that are as strict as the decision. */
  readonly decidedBy: readonly CommandMatch[];
  /** The part of the approval policy that turned a question into a refusal. */
  readonly refusedBy: "never" | "granular.rules" | "granular.sandbox_approval" | null;
}

/** Prefixes to offer to a person for allowing for good. Each is proven to cover the whole call. */
export interface Amendment {
  /** What the model suggested, or else all words of the one command in question. */
  readonly prefix: readonly string[];
  /** A shorter one that covers more: `["cargo", "test"]`. Null if none is known. */
  readonly general: readonly string[] | null;
}

/** What becomes of a command, and why: it runs, a person is asked, or it is refused. */
export type CommandJudgement = { readonly trace: DecisionTrace } & (
  | {
      readonly kind: "run";
      /** Whether rules let it run unconfined. */
      readonly bypassSandbox: boolean;
      /**
       * Whether it runs like this only because commands in it are known to look and do no more: they are
       * to be held to that, by `lookingEnvironment` of `@codex-ts/shell-command`.
       */
      readonly reliesOnLooking: boolean;
      /** To be offered if the sandbox stops it. */
      readonly amendment: Amendment | null;
    }
  | {
      readonly kind: "ask";
      /** Of the rule that asks; null leaves it to the model's justification. */
      readonly reason: string | null;
      readonly amendment: Amendment | null;
    }
  | { readonly kind: "forbidden"; readonly reason: string }
);

/** What judging depends on besides the rules. */
export interface CommandPolicyOptions {
  /** By default this process's. */
  readonly platform?: NodeJS.Platform | undefined;
  /**
   * The folders in and below which git may obey the configuration of its repository and still count as
   * safe. By default it may everywhere.
   */
  readonly trustedFolders?: readonly AbsolutePath[] | undefined;
}

/**
 * Judges a command by the policy and, where its rules are silent, by what is known of the command. It
 * reads and writes nothing.
 */
export function judgeCommand(
  policy: Policy,
  request: CommandRequest,
  options: CommandPolicyOptions = {},
): CommandJudgement {
  const { platform = process.platform } = options;
  const { argv } = request;
  const call = factsOf(request, options);
  const evaluated = evaluateCall(policy, call, request, platform);
  const { decision, matches, bypassSandbox } = evaluated;
  const refusedBy = decision === "prompt" ? refusal(matches, request) : null;
  const trace: DecisionTrace = {
    commands: evaluated.commands,
    decision,
    decidedBy: matches.filter((match) => match.decision === decision),
    refusedBy,
  };
  if (decision === "forbidden")
    return { kind: "forbidden", reason: whyForbidden(argv, matches), trace };
  if (refusedBy !== null) return { kind: "forbidden", reason: whyRefused(argv, refusedBy), trace };
  const isCovering = (prefix: readonly string[]): boolean => {
    const amended = evaluateCall(addAllowRule(policy, prefix), call, request, platform);
    return amended.decision === "allow" && amended.bypassSandbox;
  };
  const amendment = findAmendment(call, matches, request.prefixRule, decision, isCovering);
  if (decision === "allow") {
    const wary = evaluateCall(policy, withoutKnownSafe(call), request, platform);
    const reliesOnLooking = wary.decision !== decision || wary.bypassSandbox !== bypassSandbox;
    return { kind: "run", bypassSandbox, reliesOnLooking, amendment, trace };
  }
  return { kind: "ask", reason: whyAsked(argv, matches), amendment, trace };
}

/** Whether rules alone let the call run, unasked and unconfined. */
export function isCoveredBy(
  policy: Policy,
  request: CommandRequest,
  options: CommandPolicyOptions = {},
): boolean {
  const { platform = process.platform } = options;
  const { decision, bypassSandbox } = evaluateCall(
    policy,
    factsOf(request, options),
    request,
    platform,
  );
  return decision === "allow" && bypassSandbox;
}

function factsOf(
  { argv, cwd, trustedPrograms }: CommandRequest,
  { platform = process.platform, trustedFolders }: CommandPolicyOptions,
): CallFacts {
  const trustsRepository = (folder: string): boolean =>
    trustedFolders?.some((trusted) => isInside(resolve(folder, cwd), trusted)) ?? true;
  return commandsOfCall(argv, { platform, trustsRepository, trustedPrograms });
}

function withoutKnownSafe(call: CallFacts): CallFacts {
  const commands = call.commands.map((command) => ({ ...command, isKnownSafe: false }));
  return { ...call, commands };
}

interface EvaluatedCall {
  readonly commands: DecisionTrace["commands"];
  readonly matches: readonly CommandMatch[];
  readonly decision: Decision;
  readonly bypassSandbox: boolean;
}

function evaluateCall(
  policy: Policy,
  call: CallFacts,
  request: CommandRequest,
  platform: NodeJS.Platform,
): EvaluatedCall {
  const broken = policy.brokenRules.map((rules): CommandMatch => ({
    kind: "broken_rules",
    decision: "prompt",
    ...rules,
  }));
  const commands = call.commands.map((command) => ({
    words: command.words,
    matches: [...matchesOf(policy, command, request, platform), ...broken],
  }));
  // What holds for all commands is told once.
  const matches = [...new Set(commands.flatMap((command) => command.matches))];
  const isRuled = call.commands.map((_, index) =>
    commands[index]?.matches.some((match) => match.kind === "prefix"),
  );
  return {
    commands,
    matches,
    decision: strictest(matches.map((match) => match.decision)) ?? "forbidden",
    // A rule for one command must not free another that is in the same script.
    bypassSandbox:
      !call.hasUnseenEffects &&
      isRuled.includes(true) &&
      call.commands.every((command, index) => isRuled[index] === true || command.isKnownSafe),
  };
}

function matchesOf(
  policy: Policy,
  command: CommandFacts,
  request: CommandRequest,
  platform: NodeJS.Platform,
): readonly CommandMatch[] {
  const rules = matchPrefixes(policy, command.words, { resolveHostExecutables: true, platform });
  if (rules.length > 0) return rules;
  const fallback = fallbackDecision(command, request, platform);
  return [{ kind: "heuristic", command: command.words, ...fallback }];
}

function isByRule(match: CommandMatch): boolean {
  return match.kind !== "heuristic";
}

function refusal(
  matches: readonly CommandMatch[],
  { approvalPolicy }: CommandRequest,
): DecisionTrace["refusedBy"] {
  if (approvalPolicy === "never") return "never";
  if (typeof approvalPolicy === "string") return null;
  const { rules, sandbox_approval: sandboxApproval } = approvalPolicy.granular;
  const isRuleAsking = matches.some((match) => isByRule(match) && match.decision === "prompt");
  if (isRuleAsking) return rules ? null : "granular.rules";
  return sandboxApproval ? null : "granular.sandbox_approval";
}

function findAmendment(
  { commands, isComplex }: CallFacts,
  matches: readonly CommandMatch[],
  requested: readonly string[] | undefined,
  decision: "allow" | "prompt",
  isCovering: (prefix: readonly string[]) => boolean,
): Amendment | null {
  // Where rules have spoken, adding one that allows would change nothing or undo what a person wrote.
  const isRuled = matches.some((match) => match.kind === "prefix");
  const isUsable = (prefix: readonly string[]): boolean =>
    prefix.length > 0 && !isBannedPrefix(prefix) && isCovering(prefix);
  if (requested !== undefined && decision === "prompt" && !isRuled && isUsable(requested)) {
    return { prefix: requested, general: null };
  }
  const isRuledOut = matches.some(
    (match) => isByRule(match) && (decision === "allow" || match.decision === "prompt"),
  );
  if (isComplex || isRuledOut) return null;
  const heuristic = matches.find(
    (match) => match.kind === "heuristic" && match.decision === decision,
  );
  if (heuristic?.kind !== "heuristic") return null;
  const prefix = heuristic.command;
  // What the shell makes of such words changes from run to run.
  const isExpanded = commands.some(({ words, isExpanded: expands }) => words === prefix && expands);
  if (isExpanded || !isUsable(prefix)) return null;
  const general = generalPrefix(prefix);
  return { prefix, general: general !== null && isUsable(general) ? general : null };
}

/** The matching rule with the given decision that says the most of the command. */
function longest(matches: readonly CommandMatch[], decision: Decision): PrefixMatch | null {
  return matches.reduce<PrefixMatch | null>((best, match) => {
    if (match.kind !== "prefix" || match.decision !== decision) return best;
    return best === null || match.matchedPrefix.length > best.matchedPrefix.length ? match : best;
  }, null);
}

function whyForbidden(argv: readonly string[], matches: readonly CommandMatch[]): string {
  const rejected = `\`${joinWords(argv)}\` rejected`;
  const match = longest(matches, "forbidden");
  if (match === null) {
    const isDangerous = matches.some(
      (other) => other.kind === "heuristic" && other.reason === "dangerous",
    );
    const why = isDangerous ? "it may destroy more than is meant" : "it cannot be confined here";
    return `${rejected}: ${why}, and the approval policy is never to ask`;
  }
  const { justification, source } = match.rule;
  const why =
    justification ??
    `a rule forbids commands that begin with \`${joinWords(match.matchedPrefix)}\``;
  return `${rejected}: ${why} (${formatRuleSource(source)})`;
}

const refusals = {
  never: "it would need approval, and the approval policy is never to ask",
  "granular.rules": "a rule asks for approval, and the approval policy refuses what rules ask for",
  "granular.sandbox_approval":
    "it would need approval, and the approval policy refuses such questions",
} as const;

function whyRefused(argv: readonly string[], refusedBy: keyof typeof refusals): string {
  return `\`${joinWords(argv)}\` rejected: ${refusals[refusedBy]}`;
}

function whyAsked(argv: readonly string[], matches: readonly CommandMatch[]): string | null {
  const needsApproval = `\`${joinWords(argv)}\` needs approval`;
  const match = longest(matches, "prompt");
  if (match !== null) {
    const { justification, source } = match.rule;
    const prefix = joinWords(match.matchedPrefix);
    const why = justification ?? `a rule asks about commands that begin with \`${prefix}\``;
    return `${needsApproval}: ${why} (${formatRuleSource(source)})`;
  }
  const broken = matches.find((candidate) => candidate.kind === "broken_rules");
  if (broken?.kind !== "broken_rules") return null;
  return `${needsApproval}: nothing runs unasked while a rules file is broken (${broken.message})`;
}
