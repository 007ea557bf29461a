// Denied paths that are given as patterns, such as **/.env.
import nodePath from "node:path";
import { type AbsolutePath, join, resolve } from "@codex-ts/absolute-path";
import type { FileSystemSandboxPolicy } from "@codex-ts/protocol";
import type { PathContext } from "./access.ts";
import { nodeHostFiles } from "./host-files.ts";
import { SandboxError } from "./sandbox.ts";

const magic = /[*?[]/;

/**
 * A pattern as a regular expression without its ends: `*` and `?` stay within a name, `**` spans
 * folders, `[a-z]` and `[!a-z]` stand for one character. Names that start with a dot are like others.
 */
export function patternSource(pattern: string): string {
  let source = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    const [folders] = /^\*\*\//.exec(rest) ?? [];
    const [set] = /^\[[!^]?\]?[^\]/]*\]/.exec(rest) ?? [];
    if (folders !== undefined) {
      source += "(?:[^/]+/)*";
      at += folders.length - 1;
    } else if (rest.startsWith("**")) {
      source += ".*";
      at += 1;
    } else if (rest.startsWith("*")) {
      source += "[^/]*";
    } else if (rest.startsWith("?")) {
      source += "[^/]";
    } else if (set !== undefined) {
      const inner = set.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\");
      // A bracket that comes first stands for itself.
      source += `[${inner.replace(/^(\^?)\]/, "$1\\]")}]`;
      at += set.length - 1;
    } else {
      source += rest.charAt(0).replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
    }
  }
  return source;
}

export interface DenyPattern {
  /** As the policy spells it. */
  readonly spelling: string;
  /** Absolute. */
  readonly pattern: string;
  /** Whether a path is denied: one that the pattern names, or something in it. */
  readonly test: RegExp;
}

/** The patterns of a policy. Patterns only ever deny; one with another access means nothing. */
export function denyPatterns(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): readonly DenyPattern[] {
  if (policy.kind !== "restricted") return [];
  return (policy.entries ?? []).flatMap(({ path, access }) => {
    if (path.type !== "glob_pattern" || access !== "none" || path.pattern === "") return [];
    const pattern = resolve(path.pattern, context.cwd, { home: context.home });
    const test = new RegExp(`^${patternSource(pattern)}(?:/.*)?$`, "s");
    return [{ spelling: path.pattern, pattern, test }];
  });
}

/** Whether one of the policy's patterns denies `path`. */
export function isDeniedByPattern(
  policy: FileSystemSandboxPolicy,
  path: AbsolutePath,
  context: PathContext,
): boolean {
  return denyPatterns(policy, context).some(({ test }) => test.test(path));
}

const maxLooked = 200_000;
const maxMatches = 500;

/** The folder that everything a pattern can name lies in. */
function baseOf(pattern: string, context: PathContext): AbsolutePath {
  const parts = pattern.split(nodePath.sep);
  const plain = parts.slice(
    0,
    parts.findIndex((part) => magic.test(part)),
  );
  return join(context.cwd, plain.join(nodePath.sep) || nodePath.parse(pattern).root);
}

function matchesOf(denied: DenyPattern, context: PathContext): readonly AbsolutePath[] {
  const files = context.files ?? nodeHostFiles;
  if (!magic.test(denied.pattern)) return [denied.pattern as AbsolutePath];
  const matches: AbsolutePath[] = [];
  const folders: AbsolutePath[] = [baseOf(denied.pattern, context)];
  let looked = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, isFolder } of files.list(folder)) {
      looked += 1;
      const path = join(folder, name);
      if (denied.test.test(path)) matches.push(path);
      // What lies in a match is denied with it.
      else if (isFolder) folders.push(path);
      if (matches.length <= maxMatches && looked <= maxLooked) continue;
      throw new SandboxError(
        "invalid_policy",
        `the denied pattern ${denied.spelling} ${matches.length > maxMatches ? `names more than ${maxMatches} files` : `would take looking at more than ${maxLooked} files`}: deny the folders that they are in, or start the pattern with a folder`,
      );
    }
  }
  return matches.toSorted();
}

/**
 * The policy with an entry for each existing path that its patterns name. The patterns stay, for paths
 * that come later.
 *
 * @throws SandboxError `invalid_policy` when a pattern names too much.
 */
export function expandPatterns(
  policy: FileSystemSandboxPolicy,
  context: PathContext,
): FileSystemSandboxPolicy {
  const patterns = denyPatterns(policy, context);
  if (patterns.length === 0) return policy;
  const paths = new Set(patterns.flatMap((denied) => matchesOf(denied, context)));
  const found = [...paths].map(
    (path) => ({ path: { type: "path", path }, access: "none" }) as const,
  );
  return { ...policy, entries: [...(policy.entries ?? []), ...found] };
}
