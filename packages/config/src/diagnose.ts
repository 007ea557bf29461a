// From what is wrong to an error that points to it.
import { ConfigError } from "./errors.ts";
import { formatKeyPath } from "./key-path.ts";
import type { Origins } from "./origins.ts";
import type { Problem } from "./shape.ts";

function problemError({ path, message }: Problem, origins: Origins): ConfigError {
  const place = origins.nearest(path);
  return new ConfigError("invalid_value", message, { key: formatKeyPath(path), place });
}

/** Of two problems at one place, that of a profile and that of its effect, the profile's is first. */
function byPlace(a: ConfigError, b: ConfigError): number {
  return (
    (a.path ?? "").localeCompare(b.path ?? "") ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    (b.key ?? "").length - (a.key ?? "").length
  );
}

/** The problems as errors, in the order of the files. */
export function problemErrors(
  problems: readonly Problem[],
  origins: Origins,
): readonly ConfigError[] {
  return problems.map((problem) => problemError(problem, origins)).toSorted(byPlace);
}

/** @throws ConfigError for the problem that comes first in the files; nothing happens without one. */
export function refuseProblems(problems: readonly Problem[], origins: Origins): void {
  const [first] = problemErrors(problems, origins);
  if (first !== undefined) throw first;
}
