// Which rules speak of a command, and what they come to together.
import nodePath from "node:path";
import { type Decision, type Policy, type PrefixRule, strictest } from "./policy.ts";

/** A rule matches the beginning of a command. */
export interface PrefixMatch {
  readonly kind: "prefix";
  readonly decision: Decision;
  /** The command's words that the rule names. A path that was resolved stands as the program's name. */
  readonly matchedPrefix: readonly string[];
  /** The path as which the command names its program, when the rule names it without one. */
  readonly resolvedProgram: string | null;
  readonly rule: PrefixRule;
}

/** No rule speaks of the command; the caller's fallback decided. */
export interface HeuristicMatch {
  readonly kind: "heuristic";
  readonly decision: Decision;
  readonly command: readonly string[];
}

/** How program names are compared. */
export interface MatchOptions {
  /** Whether rules for a program's name also speak of its absolute paths. By default they do not. */
  readonly resolveHostExecutables?: boolean | undefined;
  /** By default this process's: on Windows program names have no case and no `.exe`. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** How to match, and what decides where no rule does. */
export interface FallbackOptions extends MatchOptions {
  /** Decides on commands that no rule speaks of. Without it they match nothing. */
  readonly fallback?: ((command: readonly string[]) => Decision) | undefined;
}

/**
 * The rules whose pattern the command begins with, in the order in which they were read. Rules for its
 * program's path go before rules for its name: the latter count only if there are none of the former,
 * names are to be resolved, and no `host_executable` excludes the path. Required rules match besides,
 * by name and by path.
 */
export function matchCommand(
  policy: Policy,
  argv: readonly string[],
  options: FallbackOptions = {},
): readonly (PrefixMatch | HeuristicMatch)[] {
  const matches = matchPrefixes(policy, argv, options);
  if (matches.length > 0 || options.fallback === undefined) return matches;
  return [{ kind: "heuristic", decision: options.fallback(argv), command: argv }];
}

/** {@link matchCommand} without a fallback. */
export function matchPrefixes(
  policy: Policy,
  argv: readonly string[],
  options: MatchOptions = {},
): readonly PrefixMatch[] {
  const required = { rulesByProgram: policy.requiredByProgram, hostExecutables: anywhere };
  return [
    ...matchSet(policy, argv, options),
    ...matchSet(required, argv, { ...options, resolveHostExecutables: true }),
  ];
}

const anywhere: Policy["hostExecutables"] = new Map();

function matchSet(
  policy: Pick<Policy, "rulesByProgram" | "hostExecutables">,
  argv: readonly string[],
  options: MatchOptions,
): readonly PrefixMatch[] {
  const { resolveHostExecutables = false, platform = process.platform } = options;
  const [program] = argv;
  if (program === undefined) return [];
  const exact = matchRules(policy.rulesByProgram.get(program), argv, /*resolvedProgram*/ null);
  if (exact.length > 0 || !resolveHostExecutables) return exact;
  const paths = platform === "win32" ? nodePath.win32 : nodePath.posix;
  if (!paths.isAbsolute(program)) return [];
  const name = programName(paths.basename(program), platform);
  const places = policy.hostExecutables.get(name);
  if (places !== undefined && !places.includes(program)) return [];
  return matchRules(policy.rulesByProgram.get(name), [name, ...argv.slice(1)], program);
}

function matchRules(
  rules: readonly PrefixRule[] = [],
  argv: readonly string[],
  resolvedProgram: string | null,
): readonly PrefixMatch[] {
  return rules
    .filter(({ pattern }) =>
      pattern.every((words, index) => {
        const word = argv[index];
        return word !== undefined && words.includes(word);
      }),
    )
    .map((rule) => ({
      kind: "prefix",
      decision: rule.decision,
      matchedPrefix: argv.slice(0, rule.pattern.length),
      resolvedProgram,
      rule,
    }));
}

/** The name under which a program's rules and places are kept. */
export function programName(fileName: string, platform: NodeJS.Platform): string {
  if (platform !== "win32") return fileName;
  return fileName.toLowerCase().replace(/(?<=.)\.(?:exe|cmd|bat|com)$/, "");
}

/** What rules and fallback say of several commands together. */
export interface Evaluation {
  /** The strictest of the matches; null when nothing matches. */
  readonly decision: Decision | null;
  /** Those of the first command, then those of the second, and so on. */
  readonly matches: readonly (PrefixMatch | HeuristicMatch)[];
}

/** What the rules come to for commands that run together. The strictest match of any of them decides. */
export function evaluate(
  policy: Policy,
  commands: readonly (readonly string[])[],
  options: FallbackOptions = {},
): Evaluation {
  const matches = commands.flatMap((command) => matchCommand(policy, command, options));
  return { decision: strictest(matches.map((match) => match.decision)), matches };
}
