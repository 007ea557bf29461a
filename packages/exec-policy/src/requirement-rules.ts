// Rules that an administrator requires: `[rules]` of `requirements.toml`. They can only tighten.
import { ExecPolicyError } from "./exec-policy-error.ts";
import { expandPattern, type PrefixRule, type RuleSource } from "./policy.ts";

/** Where an administrator's rules come from. */
export interface RequirementSource {
  readonly layer: string;
  /** Null where they came from no file. */
  readonly file: string | null;
  /** Where each of the rules begins in it, from 1; null where that is not known. */
  readonly lines?: readonly (number | null)[] | undefined;
}

/**
 * Reads `[rules]`: `prefix_rules = [{ pattern = [{ token = "rm" }, { any_of = ["-r", "-f"] }],
 * decision = "forbidden", justification = "…" }]`, after its TOML was parsed. The decision is required
 * and not `allow`. They are for `requireRules`.
 *
 * @throws ExecPolicyError `bad_requirement`; the message names the place by its indices from 0.
 */
export function parseRequirementRules(
  table: unknown,
  source: RequirementSource,
): readonly PrefixRule[] {
  const path = "rules.prefix_rules";
  const rules = isTable(table) ? table["prefix_rules"] : undefined;
  if (!Array.isArray(rules)) throw bad(source, path, "must be a list of rules");
  if (rules.length === 0) throw bad(source, path, "must hold a rule");
  return rules.flatMap((rule, index) => {
    const line = source.lines?.[index] ?? null;
    return parseRule(rule, `${path}[${index}]`, { layer: source.layer, file: source.file, line });
  });
}

function parseRule(rule: unknown, path: string, source: RuleSource): readonly PrefixRule[] {
  const fail = (key: string, problem: string): never => {
    throw bad(source, `${path}${key}`, problem);
  };
  if (!isTable(rule)) return fail("", "must be a table");
  const { pattern: elements, decision, justification = null } = rule;
  if (!Array.isArray(elements) || elements.length === 0) {
    return fail(".pattern", "must be a list that is not empty");
  }
  if (decision === "allow") {
    return fail(".decision", 'cannot be "allow": required rules only tighten');
  }
  if (decision !== "prompt" && decision !== "forbidden") {
    return fail(".decision", 'must be "prompt" or "forbidden"');
  }
  if (justification !== null && !isText(justification)) {
    return fail(".justification", "must be a text that is not blank");
  }
  const pattern = elements.map((element: unknown, index): readonly string[] => {
    const at = `.pattern[${index}]`;
    const { token, any_of: alternatives } = isTable(element) ? element : {};
    if ((token === undefined) === (alternatives === undefined)) {
      return fail(at, "must have either `token` or `any_of`");
    }
    if (token !== undefined) {
      return isText(token) ? [token] : fail(`${at}.token`, "must be a text that is not blank");
    }
    if (!Array.isArray(alternatives) || alternatives.length === 0) {
      return fail(`${at}.any_of`, "must be a list that is not empty");
    }
    return alternatives.map((alternative: unknown, place) =>
      isText(alternative)
        ? alternative
        : fail(`${at}.any_of[${place}]`, "must be a text that is not blank"),
    );
  });
  return (expandPattern(pattern) ?? []).map((expanded) => ({
    pattern: expanded,
    decision,
    justification,
    source,
  }));
}

function bad(
  { layer, file, line }: RequirementSource & Partial<RuleSource>,
  path: string,
  problem: string,
): ExecPolicyError {
  const place = `${file ?? layer}${line == null ? "" : `:${line}`}`;
  return new ExecPolicyError("bad_requirement", `${place}: \`${path}\` ${problem}`);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
