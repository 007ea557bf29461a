// The environment of the commands that the model runs.

/**
 * Which variables commands get; the keys are those of `[shell_environment_policy]` in `config.toml`.
 * Patterns are globs over names (`*`, `?`) that ignore case.
 */
export interface ShellEnvironmentPolicy {
  /** What to start from: everything (the default), a short list of basic variables, or nothing. */
  readonly inherit?: "all" | "core" | "none" | undefined;
  /** False drops names that look like secrets: `*KEY*`, `*SECRET*`, `*TOKEN*`. True by default. */
  readonly ignore_default_excludes?: boolean | undefined;
  /** Names to drop. */
  readonly exclude?: readonly string[] | undefined;
  /** Added after the exclusions. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** When not empty, only these names stay, also of those in `set`. */
  readonly include_only?: readonly string[] | undefined;
}

/** What commands' variables depend on besides the policy. */
export interface ChildEnvironmentOptions {
  /** Becomes `CODEX_THREAD_ID`, whatever the policy says. */
  readonly threadId?: string | undefined;
  /** Names ignore case on Windows. */
  readonly platform?: NodeJS.Platform | undefined;
}

const CORE_NAMES: readonly string[] = [
  "HOME",
  "LOGNAME",
  "PATH",
  "SHELL",
  "USER",
  "USERNAME",
  "TMPDIR",
  "TEMP",
  "TMP",
];

const SECRET_PATTERNS: readonly string[] = ["*KEY*", "*SECRET*", "*TOKEN*"];

/** The whole environment of a child process: `env` as the policy lets it through. */
export function childEnvironment(
  policy: ShellEnvironmentPolicy,
  env: Readonly<Record<string, string | undefined>>,
  options: ChildEnvironmentOptions = {},
): Readonly<Record<string, string>> {
  const isDropped = matcher([
    ...(policy.ignore_default_excludes === false ? SECRET_PATTERNS : []),
    ...(policy.exclude ?? []),
  ]);
  const inherited = inheritedVariables(policy, env, options.platform ?? process.platform);
  const set = Object.entries(policy.set ?? {});
  const all = new Map([...inherited.filter(([name]) => !isDropped(name)), ...set]);
  const includeOnly = policy.include_only ?? [];
  const isIncluded = includeOnly.length === 0 ? () => true : matcher(includeOnly);
  const kept = [...all].filter(([name]) => isIncluded(name));
  if (options.threadId !== undefined) kept.push(["CODEX_THREAD_ID", options.threadId]);
  return Object.fromEntries(kept);
}

function inheritedVariables(
  { inherit = "all" }: ShellEnvironmentPolicy,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): [string, string][] {
  if (inherit === "none") return [];
  const isCore = (name: string): boolean =>
    CORE_NAMES.includes(platform === "win32" ? name.toUpperCase() : name);
  return Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || (inherit === "core" && !isCore(name)) ? [] : [[name, value]],
  );
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(globExpression);
  return (name) => expressions.some((expression) => expression.test(name));
}

function globExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "is");
}
