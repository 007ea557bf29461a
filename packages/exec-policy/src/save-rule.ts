// Adds rules to the file that holds what a person has allowed or denied, and takes them out again.
import { appendFile, lstat, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { withLockFile } from "@codex-ts/lock-file";
import { checkPrefix } from "./amendments.ts";
import { ExecPolicyError, RuleError } from "./exec-policy-error.ts";
import { parseRules } from "./parse-rules.ts";
import { type Decision, formatPattern, type PrefixRule, type RuleSource } from "./policy.ts";

/** How long saving may take. */
export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for others that write the file, in milliseconds; 5000 by default. */
  readonly timeout?: number | undefined;
}

/** A rule that is in the file. */
export interface SavedRule {
  /** Where the rule stands now. */
  readonly source: RuleSource;
  /** False if it stood there before. */
  readonly isNew: boolean;
}

/** Rules are written within milliseconds: a lock that is older is nobody's, in milliseconds. */
const LONGEST_HOLD = 10_000;

/**
 * Saves a rule that allows a prefix in `rules/default.rules` of the home folder of Codex, which must
 * exist. The same rule is not saved twice, and several processes may save at once.
 *
 * @throws ExecPolicyError `bad_amendment` for an empty prefix; `not_saved` when the file cannot be
 * written, or others write it for longer than `timeout`.
 */
export async function saveAllowedPrefix(
  codexHome: AbsolutePath,
  prefix: readonly string[],
  options: SaveOptions = {},
): Promise<SavedRule> {
  checkPrefix(prefix);
  return saveLine(codexHome, allowLine(prefix), options);
}

/** The line of a rules file that allows a prefix. */
export function allowLine(prefix: readonly string[]): string {
  return ruleLine(prefix, "allow");
}

function ruleLine(prefix: readonly string[], decision: Decision, more = ""): string {
  const words = prefix.map((word) => JSON.stringify(word)).join(", ");
  return `prefix_rule(pattern=[${words}], decision="${decision}"${more})`;
}

/** A prefix rule to save. */
export interface NewPrefixRule {
  readonly prefix: readonly string[];
  readonly decision: Decision;
  readonly justification?: string | undefined;
}

/**
 * Saves a prefix rule, as {@link saveAllowedPrefix} does.
 *
 * @throws ExecPolicyError also `bad_amendment` for a blank justification.
 */
export async function savePrefixRule(
  codexHome: AbsolutePath,
  { prefix, decision, justification }: NewPrefixRule,
  options: SaveOptions = {},
): Promise<SavedRule> {
  checkPrefix(prefix);
  if (justification === undefined) return saveLine(codexHome, ruleLine(prefix, decision), options);
  if (justification.trim() === "" || !justification.isWellFormed()) {
    throw new ExecPolicyError("bad_amendment", "a justification must be a text that is not blank");
  }
  const more = `, justification=${JSON.stringify(justification)}`;
  return saveLine(codexHome, ruleLine(prefix, decision, more), options);
}

/** A rule that was in the file. */
export interface RemovedRule {
  /** Where it stood. */
  readonly source: RuleSource;
  /** As it was written. */
  readonly text: string;
}

/**
 * Removes from `rules/default.rules` the rules that have exactly this prefix and stand on a line of
 * their own, as saved ones do, whatever they decide. All else in the file stays.
 *
 * @throws RuleError when the file cannot be understood; ExecPolicyError `not_saved` when it cannot be
 * written, or when it is not certain that nothing else would go.
 */
export async function removePrefixRules(
  codexHome: AbsolutePath,
  prefix: readonly string[],
  options: SaveOptions = {},
): Promise<readonly RemovedRule[]> {
  checkPrefix(prefix);
  return inRulesFile(codexHome, options, async (file) => {
    const text = await readRegularFile(file);
    const before = parseRules(text, file);
    const pattern = formatPattern(prefix.map((word) => [word]));
    const isMeant = (rule: PrefixRule): boolean => formatPattern(rule.pattern) === pattern;
    const lines = text.split(/(?<=\n)/);
    const gone = lines.flatMap((line, index) => (isOnlyRule(line, isMeant) ? [index] : []));
    if (gone.length === 0) return [];
    const left = lines.filter((_, index) => !gone.includes(index)).join("");
    const after = parseRules(left, file);
    const others = (rules: readonly PrefixRule[]): number =>
      rules.filter((rule) => !isMeant(rule)).length;
    if (
      others(after.prefixRules) !== others(before.prefixRules) ||
      after.prefixRules.length !== before.prefixRules.length - gone.length ||
      after.networkRules.length !== before.networkRules.length
    ) {
      throw new ExecPolicyError(
        "not_saved",
        `${file} is more than a list of rules: edit it by hand`,
      );
    }
    const aside = `${file}.${crypto.randomUUID()}`;
    const { mode } = await stat(file);
    try {
      await writeFile(aside, left, { mode });
      await rename(aside, file);
    } finally {
      await rm(aside, { force: true });
    }
    return gone.map((index) => ({
      source: { layer: "user", file, line: index + 1 },
      text: (lines[index] ?? "").trimEnd(),
    }));
  });
}

function isOnlyRule(line: string, isMeant: (rule: PrefixRule) => boolean): boolean {
  try {
    const { prefixRules, networkRules, hostExecutables } = parseRules(line, "line");
    const [rule, ...more] = prefixRules;
    const isAlone = more.length === 0 && networkRules.length === 0 && hostExecutables.size === 0;
    return rule !== undefined && isAlone && isMeant(rule);
  } catch (error) {
    // Part of something longer.
    if (error instanceof RuleError) return false;
    throw error;
  }
}

async function saveLine(
  codexHome: AbsolutePath,
  line: string,
  options: SaveOptions,
): Promise<SavedRule> {
  return inRulesFile(codexHome, options, async (file) => {
    const text = await readRegularFile(file);
    const lines = text.split(/\r?\n/);
    const found = lines.indexOf(line);
    const isNew = found === -1;
    const isLineOpen = text !== "" && !text.endsWith("\n");
    if (isNew) {
      // One write at the end of the file, so that no other writer can lose by it.
      await appendFile(file, `${isLineOpen ? "\n" : ""}${line}\n`);
    }
    const index = isNew ? lines.length - (isLineOpen ? 0 : 1) : found;
    return { source: { layer: "user", file, line: index + 1 }, isNew };
  });
}

/**
 * Does something with the file of saved rules, in a folder that is there, while no other does. Programs
 * that do not know the lock are still safe from saving, which only appends, and could lose a line that
 * they write in the moment in which one is removed.
 */
async function inRulesFile<T>(
  codexHome: AbsolutePath,
  { signal, timeout = 5000 }: SaveOptions,
  change: (file: AbsolutePath) => Promise<T>,
): Promise<T> {
  const folder = join(codexHome, "rules");
  const file = join(folder, "default.rules");
  try {
    await mkdir(folder).catch(ignore("EEXIST"));
    return await withLockFile(`${file}.lock`, () => change(file), {
      longestHoldMs: LONGEST_HOLD,
      longestWaitMs: timeout,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ExecPolicyError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const isHeld = error instanceof Error && "code" in error && error.code === "ETIMEDOUT";
    const wayOut = isHeld
      ? "try again, or remove the lock if no program is at work"
      : "make the folder writable, or edit the file by hand";
    throw new ExecPolicyError(
      "not_saved",
      `the rules in ${file} could not be changed (${why}); ${wayOut}`,
      { cause: error },
    );
  }
}

/** The text of the file; empty if it is missing. A link would not be read as rules later. */
async function readRegularFile(file: AbsolutePath): Promise<string> {
  const status = await lstat(file).catch(ignore("ENOENT"));
  if (status === undefined) return "";
  if (status.isFile()) return readFile(file, "utf8");
  throw new ExecPolicyError(
    "not_saved",
    `the rule could not be saved: ${file} is not a regular file, and only those are read as rules`,
  );
}

/** Turns an error with that code into undefined and throws all others. */
function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && "code" in error && error.code === code) return undefined;
    throw error;
  };
}
