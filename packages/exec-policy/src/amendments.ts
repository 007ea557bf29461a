// Rules that a person adds by answering a question.
import { ExecPolicyError } from "./exec-policy-error.ts";
import { matchCommand } from "./match-command.ts";
import {
  emptyRuleSet,
  formatPattern,
  overlayRules,
  type Policy,
  type RuleSource,
  strictest,
} from "./policy.ts";

/** Prefixes that would allow any command at all, or nearly so. */
const bannedPrefixes: ReadonlySet<string> = new Set(
  [
    ...variants("python python3", ["-", "-c"]),
    ...variants("py", ["-3"]),
    ...variants("pythonw pyw pypy pypy3 git env sudo osascript"),
    ...variants("bash zsh", ["-lc"]),
    ...variants("sh", ["-c", "-lc"]),
    ...variants("pwsh powershell powershell.exe", ["-Command", "-c"]),
    ...variants("node perl ruby lua", ["-e"]),
    ...variants("php", ["-r"]),
  ].map((prefix) => JSON.stringify(prefix)),
);

function variants(programs: string, flags: readonly string[] = []): readonly string[][] {
  return programs
    .split(" ")
    .flatMap((program) => [[program], ...flags.map((flag) => [program, flag])]);
}

/**
 * Whether a prefix says so little that it must not be allowed for good: an interpreter or a shell
 * without what it is to run, by name or by path. A longer prefix is not banned.
 */
export function isBannedPrefix(prefix: readonly string[]): boolean {
  const [program = "", ...rest] = prefix;
  const name = program.slice(Math.max(program.lastIndexOf("/"), program.lastIndexOf("\\")) + 1);
  return bannedPrefixes.has(JSON.stringify([name, ...rest]));
}

/** The source of rules that hold until the session ends. */
const sessionSource: RuleSource = { layer: "session", file: null, line: null };

/**
 * The policy with a rule that allows a prefix, or the policy itself if its rules allow that already.
 *
 * @throws ExecPolicyError `bad_amendment` for an empty prefix.
 */
export function allowPrefix(
  policy: Policy,
  prefix: readonly string[],
  source: RuleSource = sessionSource,
): Policy {
  checkPrefix(prefix);
  const decision = strictest(matchCommand(policy, prefix).map((match) => match.decision));
  return decision === "allow" ? policy : addAllowRule(policy, prefix, source);
}

/** @throws ExecPolicyError `bad_amendment` */
export function checkPrefix(prefix: readonly string[]): void {
  if (prefix.length === 0) {
    throw new ExecPolicyError("bad_amendment", "a rule needs a prefix of at least one word");
  }
  if (!prefix.every((word) => word.isWellFormed())) {
    throw new ExecPolicyError("bad_amendment", "a rule's words must be well-formed Unicode");
  }
}

export function addAllowRule(
  policy: Policy,
  prefix: readonly string[],
  source: RuleSource = sessionSource,
): Policy {
  const pattern = prefix.map((word) => [word]);
  const rule = { pattern, decision: "allow", justification: null, source } as const;
  return overlayRules(policy, { ...emptyRuleSet, prefixRules: [rule] });
}

/** Subcommands that do one kind of thing, whatever follows them. */
const generalSubcommands: Readonly<Record<string, ReadonlySet<string>>> = {
  bun: setOf("add install test"),
  cargo: setOf("add bench build check clippy doc fmt test update"),
  dotnet: setOf("build restore test"),
  git: setOf("add cherry-pick commit merge restore stash switch tag"),
  go: setOf("build fmt get test vet"),
  npm: setOf("ci install test"),
  pip: setOf("install"),
  pnpm: setOf("add install test"),
  uv: setOf("add lock sync"),
  yarn: setOf("add install test"),
};

const scriptRunners = setOf("bun npm pnpm yarn");

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

/**
 * A shorter prefix that a person may rather want to allow: program and subcommand, for the programs of
 * which it is known what that means. Null if there is none, or if it is the whole command.
 *
 * @example
 * generalPrefix(["npm", "run", "build", "--", "--watch"]); // ["npm", "run", "build"]
 */
export function generalPrefix(words: readonly string[]): readonly string[] | null {
  const [program = "", subcommand = "", script = ""] = words;
  const isScript =
    scriptRunners.has(program) && subcommand === "run" && /^\w[\w:.-]*$/.test(script);
  const known = Object.hasOwn(generalSubcommands, program)
    ? generalSubcommands[program]?.has(subcommand)
    : false;
  const length = isScript ? 3 : known === true ? 2 : 0;
  return length > 0 && length < words.length ? words.slice(0, length) : null;
}

const listedPrefixes = 100;
const listedCharacters = 5000;

/**
 * The prefixes that rules allow, one a line as `- ["git", "add"]`, short ones first; for telling a
 * model. Beyond 100 lines or 5000 characters a last line says that there are more. Empty when there are
 * none.
 */
export function listAllowedPrefixes(policy: Policy): string {
  const allowed = policy.prefixRules.filter((rule) => rule.decision === "allow");
  const byText = new Map(allowed.map(({ pattern }) => [formatPattern(pattern), pattern.length]));
  const sorted = [...byText].toSorted(
    ([left, leftWords], [right, rightWords]) =>
      leftWords - rightWords || left.length - right.length || (left < right ? -1 : 1),
  );
  const lines: string[] = [];
  let characters = 0;
  for (const [text] of sorted) {
    const line = `- ${text}`;
    characters += line.length + 1;
    if (lines.length === listedPrefixes || characters > listedCharacters) {
      const left = sorted.length - lines.length;
      return [...lines, `(and ${left} more that are not listed)`].join("\n");
    }
    lines.push(line);
  }
  return lines.join("\n");
}
