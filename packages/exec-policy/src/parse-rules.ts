// The rules that a file declares by its calls, each checked against its own examples.
import nodePath from "node:path";
import { joinWords, splitWords } from "@codex-ts/shell-command";
import { RuleError } from "./exec-policy-error.ts";
import { type MatchOptions, matchPrefixes, programName } from "./match-command.ts";
import { networkProtocols, normalizeHost } from "./network-rules.ts";
import {
  createPolicy,
  type Decision,
  emptyRuleSet,
  expandPattern,
  type NetworkRule,
  type PrefixRule,
  type RuleSet,
  type RuleSource,
} from "./policy.ts";
import { isList, kindOf, readRules, type RuleArgument, type RuleCall } from "./read-rules.ts";

/** Where a file belongs, and what others have said before it. */
export interface ParseRulesOptions {
  /** The layer that the rules are said to come from; by default `rules`. */
  readonly layer?: string | undefined;
  /** Places of programs that earlier files have named; the examples are checked with them. */
  readonly hostExecutables?: ReadonlyMap<string, readonly string[]> | undefined;
  /** By default this process's. */
  readonly platform?: NodeJS.Platform | undefined;
}

const parameters = {
  prefix_rule: ["pattern", "decision", "match", "not_match", "justification"],
  network_rule: ["host", "protocol", "decision", "justification"],
  host_executable: ["name", "paths"],
} as const;

type Builtin = keyof typeof parameters;

const builtins: ReadonlySet<string> = new Set(Object.keys(parameters));

const decisions: ReadonlyMap<string, Decision> = new Map([
  ["allow", "allow"],
  ["prompt", "prompt"],
  ["forbidden", "forbidden"],
]);

/** What a call says about the examples of its rules. */
interface ExampleCheck {
  readonly call: RuleCall;
  readonly rules: readonly PrefixRule[];
  readonly matching: readonly (readonly string[])[];
  readonly notMatching: readonly (readonly string[])[];
}

/**
 * Reads a rules file: comments, constants, strings, lists, and calls of `prefix_rule`, `network_rule`
 * and `host_executable`. At the end the `not_match` and `match` examples of each call are held against
 * the rules of that call.
 *
 * @param file names the file in sources and messages; it is not read.
 * @throws RuleError with the place of what is wrong.
 *
 * @example
 * parseRules('prefix_rule(pattern=["git", ["push", "fetch"]], decision="prompt")', "/etc/git.rules");
 */
export function parseRules(text: string, file: string, options: ParseRulesOptions = {}): RuleSet {
  const { layer = "rules", platform = process.platform } = options;
  const prefixRules: PrefixRule[] = [];
  const networkRules: NetworkRule[] = [];
  const hostExecutables = new Map<string, readonly string[]>();
  const checks: ExampleCheck[] = [];
  readRules(text, file, builtins, (call) => {
    const source: RuleSource = { layer, file, line: call.line };
    const reader = new ArgumentReader(file, call);
    switch (call.name as Builtin) {
      case "prefix_rule": {
        const rules = readPrefixRules(reader, source);
        prefixRules.push(...rules);
        const notMatching = reader.examples("not_match");
        checks.push({ call, rules, matching: reader.examples("match"), notMatching });
        break;
      }
      case "network_rule":
        networkRules.push(readNetworkRule(reader, source));
        break;
      case "host_executable": {
        const [name, paths] = readHostExecutable(reader, platform);
        hostExecutables.set(name, paths);
        break;
      }
    }
  });
  const places = new Map([...(options.hostExecutables ?? []), ...hostExecutables]);
  for (const check of checks) checkExamples(check, places, file, platform);
  return { prefixRules, networkRules, hostExecutables };
}

function readPrefixRules(reader: ArgumentReader, source: RuleSource): readonly PrefixRule[] {
  const pattern = reader.list("pattern").map((element, index) => {
    if (typeof element === "string") return [element];
    const words = isList(element) ? element.filter((word) => typeof word === "string") : [];
    if (isList(element) && words.length === element.length && words.length > 0) return words;
    return reader.fail("pattern", `element ${index + 1} must be a string or a list of strings`);
  });
  const decision = reader.choice("decision", decisions, "allow");
  const justification = reader.justification();
  const patterns =
    expandPattern(pattern) ?? reader.fail("pattern", "must name at least the program");
  return patterns.map((expanded) => ({ pattern: expanded, decision, justification, source }));
}

function readNetworkRule(reader: ArgumentReader, source: RuleSource): NetworkRule {
  const host =
    normalizeHost(reader.string("host")) ??
    reader.fail("host", "must be exactly one host, without scheme, path or wildcard");
  const protocol = reader.choice("protocol", networkProtocols);
  const decision = reader.choice(
    "decision",
    new Map<string, Decision>([...decisions, ["deny", "forbidden"]]),
  );
  return { host, protocol, decision, justification: reader.justification(), source };
}

function readHostExecutable(
  reader: ArgumentReader,
  platform: NodeJS.Platform,
): readonly [string, readonly string[]] {
  const paths = platform === "win32" ? nodePath.win32 : nodePath.posix;
  const name = reader.string("name");
  if (name === "" || name === "." || name === ".." || paths.basename(name) !== name) {
    return reader.fail("name", "must be the bare name of a program");
  }
  const key = programName(name, platform);
  const places = reader.list("paths").map((place) => {
    if (typeof place !== "string" || !paths.isAbsolute(place)) {
      return reader.fail("paths", "must be absolute paths");
    }
    if (programName(paths.basename(place), platform) === key) return place;
    return reader.fail("paths", `\`${place}\` is not a path of \`${name}\``);
  });
  return [key, [...new Set(places)]];
}

function checkExamples(
  check: ExampleCheck,
  hostExecutables: ReadonlyMap<string, readonly string[]>,
  file: string,
  platform: NodeJS.Platform,
): void {
  const policy = createPolicy([{ ...emptyRuleSet, prefixRules: check.rules, hostExecutables }]);
  const options: MatchOptions = { resolveHostExecutables: true, platform };
  const isMatched = (example: readonly string[]): boolean =>
    matchPrefixes(policy, example, options).length > 0;
  const show = (examples: readonly (readonly string[])[]): string =>
    examples.map((example) => `\`${joinWords(example)}\``).join(", ");
  const wrong = check.notMatching.filter(isMatched);
  if (wrong.length > 0) {
    throw new RuleError(
      file,
      check.call,
      `the rule matches what is in \`not_match\`: ${show(wrong)}`,
    );
  }
  const missed = check.matching.filter((example) => !isMatched(example));
  if (missed.length > 0) {
    throw new RuleError(
      file,
      check.call,
      `the rule does not match what is in \`match\`: ${show(missed)}`,
    );
  }
}

/** Takes the arguments of a call by name. */
class ArgumentReader {
  readonly #file: string;
  readonly #call: RuleCall;
  readonly #given: ReadonlyMap<string, RuleArgument>;

  constructor(file: string, call: RuleCall) {
    this.#file = file;
    this.#call = call;
    const names: readonly string[] = parameters[call.name as Builtin];
    const given = new Map<string, RuleArgument>();
    for (const [index, argument] of call.positional.entries()) {
      const name = names[index];
      if (name === undefined) {
        throw new RuleError(
          file,
          argument,
          `\`${call.name}\` takes ${names.length} arguments at most`,
        );
      }
      given.set(name, argument);
    }
    for (const [name, argument] of call.named) {
      if (!names.includes(name)) {
        throw new RuleError(file, argument, `\`${call.name}\` has no argument \`${name}\``);
      }
      if (given.has(name)) throw new RuleError(file, argument, `\`${name}\` is given twice`);
      given.set(name, argument);
    }
    this.#given = given;
  }

  /** @throws RuleError always, at the argument. */
  fail(name: string, problem: string): never {
    const place = this.#given.get(name) ?? this.#call;
    throw new RuleError(this.#file, place, `\`${name}\` of \`${this.#call.name}\` ${problem}`);
  }

  string(name: string): string {
    const value = this.#required(name).value;
    return typeof value === "string" ? value : this.fail(name, `is ${kindOf(value)}, not a string`);
  }

  list(name: string): readonly RuleArgument["value"][] {
    const value = this.#required(name).value;
    return isList(value) ? value : this.fail(name, `is ${kindOf(value)}, not a list`);
  }

  choice<T>(name: string, choices: ReadonlyMap<string, T>, whenMissing?: T): T {
    if (whenMissing !== undefined && !this.#given.has(name)) return whenMissing;
    const choice = choices.get(this.string(name));
    const known = [...choices.keys()].map((key) => `"${key}"`).join(", ");
    return choice ?? this.fail(name, `must be one of ${known}`);
  }

  justification(): string | null {
    if (!this.#given.has("justification")) return null;
    const text = this.string("justification");
    return text.trim() === "" ? this.fail("justification", "must not be blank") : text;
  }

  examples(name: "match" | "not_match"): readonly (readonly string[])[] {
    if (!this.#given.has(name)) return [];
    return this.list(name).map((example) => {
      const words =
        typeof example === "string"
          ? splitWords(example)
          : isList(example) && example.every((word) => typeof word === "string")
            ? example
            : this.fail(name, "must hold commands: strings, or lists of strings");
      if (words === null)
        return this.fail(name, `holds a string with an open quote: ${String(example)}`);
      return words.length === 0 ? this.fail(name, "holds an empty command") : words;
    });
  }

  #required(name: string): RuleArgument {
    return this.#given.get(name) ?? this.fail(name, "is missing");
  }
}
