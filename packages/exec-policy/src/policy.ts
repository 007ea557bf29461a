// A policy is data: rules in the order in which they were read, with where each of them stands.

/**
 * What is said of a command, from the mildest: it runs unasked (outside the sandbox, where a rule
 * says so), a person is asked, or it is refused.
 */
export type Decision = "allow" | "prompt" | "forbidden";

/** Where a rule comes from. */
export interface RuleSource {
  /** The name of the layer of configuration, as the caller of `loadRules` named it. */
  readonly layer: string;
  /** Null for a rule that stands in no file, such as one that was allowed for this session. */
  readonly file: string | null;
  /** From 1; null where lines mean nothing. */
  readonly line: number | null;
}

/** Where a rule stands, for people: `/home/kim/.codex/rules/git.rules:2`, or the layer it is of. */
export function formatRuleSource({ layer, file, line }: RuleSource): string {
  if (file === null) return `a rule of the ${layer}`;
  return line === null ? file : `${file}:${line}`;
}

/** Judges commands by how they begin. */
export interface PrefixRule {
  /**
   * What each leading word of the command may be. The first position holds one program; words are
   * compared exactly, with regard to case.
   */
  readonly pattern: readonly (readonly string[])[];
  readonly decision: Decision;
  /** For the person or the model that meets the rule. */
  readonly justification: string | null;
  readonly source: RuleSource;
}

/** What a network rule is about. */
export type NetworkProtocol = "http" | "https" | "socks5_tcp" | "socks5_udp";

/** Judges connections to one host by one protocol. */
export interface NetworkRule {
  /** Normalised: see `normalizeHost`. */
  readonly host: string;
  readonly protocol: NetworkProtocol;
  readonly decision: Decision;
  readonly justification: string | null;
  readonly source: RuleSource;
}

/** A rules file that could not be understood. What it forbids is unknown, so everything is asked. */
export interface BrokenRules {
  readonly source: RuleSource;
  /** Says where and what. */
  readonly message: string;
}

/** Rules, before they are put together to a {@link Policy}. */
export interface RuleSet {
  readonly prefixRules: readonly PrefixRule[];
  readonly networkRules: readonly NetworkRule[];
  /** Program name → the absolute paths at which it counts as that program. */
  readonly hostExecutables: ReadonlyMap<string, readonly string[]>;
}

/** Every rule that holds. A policy never changes; amending makes another one. */
export interface Policy extends RuleSet {
  /**
   * An administrator's. They hold besides all others and by a program's name wherever it is, so that no
   * other rule, not even one about where a program is, gets past them.
   */
  readonly requiredRules: readonly PrefixRule[];
  /** As long as there are any, nothing runs unasked. */
  readonly brokenRules: readonly BrokenRules[];
  /** The prefix rules by their program. */
  readonly rulesByProgram: ReadonlyMap<string, readonly PrefixRule[]>;
  /** The required ones by their program. */
  readonly requiredByProgram: ReadonlyMap<string, readonly PrefixRule[]>;
}

/** No rules, to build on. */
export const emptyRuleSet: RuleSet = {
  prefixRules: [],
  networkRules: [],
  hostExecutables: new Map(),
};

/**
 * Puts sets of rules together. No set overrides another: all rules hold, and the strictest that matches
 * decides. Only a program's places are taken from the last set that names it.
 */
export function createPolicy(
  sets: readonly RuleSet[],
  brokenRules: readonly BrokenRules[] = [],
  requiredRules: readonly PrefixRule[] = [],
): Policy {
  const prefixRules = sets.flatMap((set) => set.prefixRules);
  return {
    prefixRules,
    networkRules: sets.flatMap((set) => set.networkRules),
    hostExecutables: new Map(sets.flatMap((set) => [...set.hostExecutables])),
    requiredRules,
    brokenRules,
    rulesByProgram: byProgram(prefixRules),
    requiredByProgram: byProgram(requiredRules),
  };
}

function byProgram(rules: readonly PrefixRule[]): ReadonlyMap<string, readonly PrefixRule[]> {
  return Map.groupBy(rules, (rule) => rule.pattern[0]?.[0] ?? "");
}

/** The policy with more rules after its own. */
export function overlayRules(policy: Policy, overlay: RuleSet): Policy {
  return createPolicy([policy, overlay], policy.brokenRules, policy.requiredRules);
}

/** The policy with rules that nothing in it loosens: those of `parseRequirementRules`. */
export function requireRules(policy: Policy, rules: readonly PrefixRule[]): Policy {
  return createPolicy([policy], policy.brokenRules, [...policy.requiredRules, ...rules]);
}

const strictness: Readonly<Record<Decision, number>> = { allow: 0, prompt: 1, forbidden: 2 };

/** The strictest decision; null for none at all. */
export function strictest(decisions: readonly Decision[]): Decision | null {
  return decisions.reduce<Decision | null>(
    (worst, decision) =>
      worst === null || strictness[decision] > strictness[worst] ? decision : worst,
    null,
  );
}

/** One rule per program that the first position allows; null if the pattern is empty somewhere. */
export function expandPattern(
  pattern: readonly (readonly string[])[],
): readonly (readonly (readonly string[])[])[] | null {
  const [programs, ...rest] = pattern;
  if (programs === undefined || pattern.some((words) => words.length === 0)) return null;
  return programs.map((program) => [[program], ...rest]);
}

/** A pattern as people and models read it: `["git", ["add", "commit"]]`. */
export function formatPattern(pattern: readonly (readonly string[])[]): string {
  return formatList(pattern.map((words) => (words.length === 1 ? (words[0] ?? "") : words)));
}

function formatList(items: readonly (string | readonly string[])[]): string {
  const texts = items.map((item) =>
    typeof item === "string" ? JSON.stringify(item) : formatList(item),
  );
  return `[${texts.join(", ")}]`;
}
