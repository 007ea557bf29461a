// What a failed check means in words, and where in the files it points to.
import { closestName } from "@codex-ts/features";
import type * as z from "zod/v4/core";
import { ConfigError } from "./errors.ts";
import { formatKeyPath, valueAt } from "./key-path.ts";
import type { Origins } from "./origins.ts";
import { allowedWords, describe, type Schema, schemaAt, unwrap } from "./schema-walk.ts";
import { mayBeSecret } from "./secrets.ts";
import { isTable, type TomlTable, type TomlValue } from "./toml.ts";
import type { TomlPath } from "./toml-positions.ts";

/** What is wrong at one key. */
export interface Problem {
  readonly path: TomlPath;
  readonly message: string;
}

function describeValue(value: TomlValue, path: TomlPath): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  if (isTable(value)) return "a table";
  if (typeof value !== "string") return "a date";
  if (mayBeSecret(path)) return "a string";
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function toPath(path: readonly PropertyKey[]): TomlPath {
  return path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
}

/** Of the failed branches of a union, the issues of the one that `value` was meant for. */
function branchIssues(issue: z.$ZodIssueInvalidUnion, value: TomlValue): readonly z.$ZodIssue[] {
  if (!isTable(value)) return [];
  return issue.errors.find((issues) => issues.every(({ path }) => path.length > 0)) ?? [];
}

function problemsOf(
  schema: Schema,
  root: TomlTable,
  issue: z.$ZodIssue,
  above: TomlPath = [],
): readonly Problem[] {
  const path = [...above, ...toPath(issue.path)];
  const name = `\`${formatKeyPath(path)}\``;
  const value = valueAt(root, path);
  const expected = schemaAt(schema, path);
  if (issue.code === "invalid_union" && value !== undefined) {
    const inner = branchIssues(issue, value);
    if (inner.length > 0) return inner.flatMap((each) => problemsOf(schema, root, each, path));
  }
  const ownMessage = expected !== undefined && unwrap(expected)._zod.def.error !== undefined;
  if (issue.code === "custom" || ownMessage)
    return [{ path, message: `${name}: ${issue.message}` }];
  if (expected === undefined) return [{ path, message: `${name} has a value that is not allowed` }];
  const allowed = describe(expected);
  if (value === undefined) {
    return [{ path, message: `${name} is missing; it must be ${allowed}` }];
  }
  const nearest =
    typeof value === "string" ? closestName(value, allowedWords(expected)) : undefined;
  const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
  return [
    { path, message: `${name} must be ${allowed}, not ${describeValue(value, path)}${hint}` },
  ];
}

/** The problems that the check of `root` against `schema` found, in the check's order. */
export function problemsIn(
  schema: Schema,
  root: TomlTable,
  issues: readonly z.$ZodIssue[],
): readonly Problem[] {
  return issues.flatMap((issue) => problemsOf(schema, root, issue));
}

/** The error of one problem, pointing to where the value was set. */
export function problemError({ path, message }: Problem, origins: Origins): ConfigError {
  const origin = origins.nearest(path);
  return new ConfigError("invalid_value", message, { key: formatKeyPath(path), place: origin });
}

/** The error of the problem that comes first in the files; undefined when there is none. */
export function firstProblemError(
  problems: readonly Problem[],
  origins: Origins,
): ConfigError | undefined {
  const errors = problems.map((problem) => problemError(problem, origins));
  return errors.toSorted(
    (a, b) =>
      (a.path ?? "").localeCompare(b.path ?? "") ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  )[0];
}
