// The rules files of the layers of configuration, put together to one policy.
import { readdir, readFile } from "node:fs/promises";
import { type AbsolutePath, join } from "@codex-ts/absolute-path";
import { ExecPolicyError, RuleError } from "./exec-policy-error.ts";
import { parseRules } from "./parse-rules.ts";
import { type BrokenRules, createPolicy, type Policy, type RuleSet } from "./policy.ts";

/** A folder of configuration that may hold a folder `rules`. */
export interface RulesLayer {
  /** For traces: `system`, `user`, the path of a project. */
  readonly name: string;
  readonly folder: AbsolutePath;
}

/** How rules files are read. */
export interface LoadRulesOptions {
  readonly signal?: AbortSignal | undefined;
  /** By default this process's. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** The rules of a session, and the files that hold none. */
export interface LoadedRules {
  /**
   * The rules of every file that could be understood. As long as there are others it lets nothing run
   * unasked.
   */
  readonly policy: Policy;
  /** One for each file that could not be understood; to be shown, and a reason not to start. */
  readonly errors: readonly RuleError[];
}

interface RulesFile {
  readonly layer: string;
  readonly path: AbsolutePath;
}

/**
 * Reads the `*.rules` files in the folder `rules` of each layer, in the order of their names. A missing
 * folder is an empty one; links and folders in it are passed over.
 *
 * @param layers lowest precedence first, without those that are switched off or not trusted.
 * @throws ExecPolicyError `unreadable_rules` for a folder or file that is there and cannot be read.
 */
export async function loadRules(
  layers: readonly RulesLayer[],
  options: LoadRulesOptions = {},
): Promise<LoadedRules> {
  const files: RulesFile[] = [];
  for (const layer of layers) {
    const folder = join(layer.folder, "rules");
    for (const name of await rulesFilesIn(folder)) {
      files.push({ layer: layer.name, path: join(folder, name) });
    }
  }
  return readFiles(files, options);
}

/**
 * Reads the files at the given paths, whatever their names, as one policy.
 *
 * @throws ExecPolicyError `unreadable_rules`; RuleError for the first file that is wrong.
 */
export async function loadRulesFiles(
  paths: readonly AbsolutePath[],
  options: LoadRulesOptions = {},
): Promise<Policy> {
  const files = paths.map((path) => ({ layer: "rules", path }));
  const { policy, errors } = await readFiles(files, options);
  const [error] = errors;
  if (error !== undefined) throw error;
  return policy;
}

async function readFiles(
  files: readonly RulesFile[],
  { signal, platform }: LoadRulesOptions,
): Promise<LoadedRules> {
  const sets: RuleSet[] = [];
  const errors: RuleError[] = [];
  const brokenRules: BrokenRules[] = [];
  let hostExecutables: RuleSet["hostExecutables"] = new Map();
  for (const { layer, path } of files) {
    const text = await readRulesFile(path, signal);
    try {
      const set = parseRules(text, path, { layer, hostExecutables, platform });
      hostExecutables = new Map([...hostExecutables, ...set.hostExecutables]);
      sets.push(set);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      errors.push(error);
      const source = { layer, file: path, line: error.line };
      brokenRules.push({ source, message: error.message });
    }
  }
  return { policy: createPolicy(sets, brokenRules), errors };
}

async function rulesFilesIn(folder: AbsolutePath): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && /.\.rules$/.test(entry.name))
      .map((entry) => entry.name)
      .toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw unreadable(folder, error);
  }
}

async function readRulesFile(path: AbsolutePath, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  try {
    const bytes = await readFile(path, { signal });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(path, error);
  }
}

function unreadable(path: AbsolutePath, cause: unknown): ExecPolicyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ExecPolicyError(
    "unreadable_rules",
    `the rules at ${path} cannot be read (${why}); make them readable, or move them away`,
    { cause },
  );
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
