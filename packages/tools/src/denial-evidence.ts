// Whether the sandbox stopped a command: what it left behind, held against what the policy forbids.
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import { isPathWritable, type SandboxContext, type SandboxType } from "@codex-ts/sandboxing";

/** How a confined command ended, and what it was allowed. */
export interface ConfinedEnd {
  readonly sandbox: SandboxType;
  readonly exitCode: number;
  /** What the sandbox itself reported: the command never ran. */
  readonly startFailure: string | null;
  readonly networkDisabled: boolean;
  /** Both streams. */
  readonly output: string;
  readonly cwd: AbsolutePath;
  readonly context: SandboxContext;
  readonly tmpdir: string | undefined;
}

/** What shows that the sandbox stopped a command, the surest first. */
export type DenialEvidence =
  /** The sandbox could not be set up, by its own report. */
  | { readonly kind: "status"; readonly message: string }
  /** A system call that the filter kills for. */
  | { readonly kind: "signal"; readonly signal: "SIGSYS" }
  /** An error that names a path which the policy keeps the command from, though we could use it. */
  | { readonly kind: "path"; readonly errno: Errno; readonly path: AbsolutePath }
  /** An error of the network, which the policy cuts off. */
  | { readonly kind: "network"; readonly errno: Errno | null }
  /** An error as a sandbox makes it, without anything to check it by. */
  | { readonly kind: "errno"; readonly errno: Errno };

export type Errno = "EROFS" | "EPERM" | "EACCES" | "ENETUNREACH";

/** 128 + SIGSYS. */
const SIGSYS_EXIT_CODE = 159;
/** Used wrongly, not executable, not found: what the command makes itself. */
const ORDINARY_FAILURES: readonly number[] = [2, 126, 127];
const NOT_FOUND = 127;
/** Errors stand at the end of the output. */
const LOOKED_AT = 64 * 1024;

/** How programs spell an error: by name, by number (Python, Rust, Node), or in English. */
const spellings: readonly (readonly [Errno, RegExp])[] = [
  [
    "EROFS",
    /\bEROFS(?:: [a-z- ]+)?\b|\[Errno 30\]|\bos error 30\b|\berrno: -?30\b|read-only file system/i,
  ],
  ["EPERM", /\bEPERM\b|\[Errno 1\]|\bos error 1\b|\berrno: -?1\b|operation not permitted/i],
  ["EACCES", /\bEACCES\b|\[Errno 13\]|\bos error 13\b|\berrno: -?13\b|permission denied/i],
  [
    "ENETUNREACH",
    /\bENETUNREACH\b|\[Errno 101\]|\bos error 101\b|\berrno: -?101\b|network is unreachable/i,
  ],
];

/** A resolver without a network says one of these. */
const unresolved =
  /\bEAI_AGAIN\b|\[Errno -[23]\]|could not resolve (?:host|proxy)|temporary failure in name resolution|name or service not known/i;

const aboutNetwork = /\b(?:socket|connect|bind|listen|network|send(?:to|msg)?|ping|dns|proxy)\b/i;

/** What shows that the sandbox stopped the command; null when nothing does. */
export function findDenial(end: ConfinedEnd): DenialEvidence | null {
  if (end.sandbox === "none" || end.exitCode === 0) return null;
  if (end.startFailure !== null) {
    return end.exitCode === NOT_FOUND ? null : { kind: "status", message: end.startFailure };
  }
  if (end.exitCode === SIGSYS_EXIT_CODE) return { kind: "signal", signal: "SIGSYS" };
  let unchecked: DenialEvidence | null = null;
  for (const line of end.output.slice(-LOOKED_AT).split("\n").toReversed()) {
    if (end.networkDisabled && unresolved.test(line)) return { kind: "network", errno: null };
    const spelling = spellings.find(([, pattern]) => pattern.test(line));
    if (spelling === undefined) continue;
    const found = judgeLine(line, ...spelling, end);
    if (found?.kind === "errno") unchecked ??= found;
    else if (found !== null) return found;
  }
  return ORDINARY_FAILURES.includes(end.exitCode) ? null : unchecked;
}

function judgeLine(
  line: string,
  errno: Errno,
  pattern: RegExp,
  end: ConfinedEnd,
): DenialEvidence | null {
  if (errno === "ENETUNREACH") return end.networkDisabled ? { kind: "network", errno } : null;
  const paths = pathsIn(line, errno, pattern, end);
  const kept = paths.find((path) => isKept(path, end));
  if (kept !== undefined) return { kind: "path", errno, path: kept };
  // What it names is not kept from it by the policy alone: the error is an ordinary one.
  if (paths.length > 0) return null;
  const isNetwork = end.networkDisabled && aboutNetwork.test(line);
  return isNetwork ? { kind: "network", errno } : { kind: "errno", errno };
}

/**
 * What an error message is about, the likeliest first: what is in quotes before or behind the error, or
 * stands between colons before it. The program's own name, which comes first, is not meant.
 */
function pathsIn(
  line: string,
  errno: Errno,
  pattern: RegExp,
  { cwd }: ConfinedEnd,
): readonly AbsolutePath[] {
  const error = pattern.exec(line);
  const before = line.slice(0, error?.index).replace(/[\s:([]+$/, "");
  const behind = line.slice((error?.index ?? 0) + (error?.[0].length ?? 0));
  const quoted = [...quotedIn(before).toReversed(), ...quotedIn(behind)];
  const parts = before.split(/:\s+/).slice(1).toReversed();
  const bare = parts.flatMap((part) => [part, part.slice(part.lastIndexOf(" ") + 1)]);
  const isFile = (text: string): boolean =>
    text.includes("/") ||
    exists(resolve(text, cwd)) ||
    (errno === "EROFS" && /^[\w.-]+$/.test(text));
  const named = [...quoted, ...bare.filter((text) => !/^\d*$/.test(text) && isFile(text))];
  const paths = named.filter((text) => text !== "" && !/\0|^\w+:\/\//.test(text));
  return [...new Set(paths.map((path) => resolve(path, cwd)))];
}

function quotedIn(text: string): readonly string[] {
  return [...text.matchAll(/['"‘“`]([^'"‘’“”`]+)['"’”`]/gu)].map((found) => found[1] ?? "");
}

/** Whether the policy keeps a command from writing a path that we ourselves could write. */
function isKept(path: AbsolutePath, { context, tmpdir }: ConfinedEnd): boolean {
  if (isPathWritable(path, context, { tmpdir })) return false;
  return (
    isUsable(path, constants.W_OK) || (!exists(path) && isUsable(dirname(path), constants.W_OK))
  );
}

function exists(path: string): boolean {
  return isUsable(path, constants.F_OK);
}

function isUsable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** What stopped the command, in words for a person. */
export function describeDenial(evidence: DenialEvidence): string {
  switch (evidence.kind) {
    case "status":
      return evidence.message;
    case "signal":
      return `it made a system call that is not allowed (${evidence.signal})`;
    case "path":
      return `it may not use ${evidence.path} (${evidence.errno})`;
    case "network":
      return `it has no network${evidence.errno === null ? "" : ` (${evidence.errno})`}`;
    case "errno":
      return `it failed with ${evidence.errno}`;
  }
}
