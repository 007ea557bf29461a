// Whether the sandbox stopped a command: what it left behind, held against what the policy forbids. Words
// alone show nothing: the error must be the one that this sandbox gives, and about something that the policy
// keeps from the command though it could be had without the sandbox.
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { type AbsolutePath, resolve } from "@codex-ts/absolute-path";
import type { SandboxContext, SandboxType } from "@codex-ts/sandboxing";
import { type PathAccess, pathAccess } from "@codex-ts/sandboxing/policy";

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
  /** This sandbox's error for a path that it keeps from the command, though we could use it. */
  | { readonly kind: "path"; readonly errno: Errno; readonly path: AbsolutePath }
  /** An error of the network, which the policy cuts off. */
  | { readonly kind: "network"; readonly errno: Errno | null };

export type Errno = "EROFS" | "EPERM" | "EACCES" | "ENOENT" | "ENETUNREACH";

/** 128 + SIGSYS. */
const SIGSYS_EXIT_CODE = 159;
const NOT_EXECUTABLE = 126;
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
  ["ENOENT", /\bENOENT\b|\[Errno 2\]|\bos error 2\b|\berrno: -?2\b|no such file or directory/i],
  [
    "ENETUNREACH",
    /\bENETUNREACH\b|\[Errno 101\]|\bos error 101\b|\berrno: -?101\b|network is unreachable/i,
  ],
];

/** A resolver without a network says one of these. */
const unresolved =
  /\bEAI_AGAIN\b|\[Errno -[23]\]|could not resolve (?:host|proxy)|temporary failure in name resolution|name or service not known/i;

const aboutNetwork =
  /\b(?:socket|connect|bind|listen|network|send(?:to|msg)?|ping|dns|proxy|urlopen|dial|tcp|udp)\b/i;

/** What shows that the sandbox stopped the command; null when nothing does. */
export function findDenial(end: ConfinedEnd): DenialEvidence | null {
  if (end.sandbox === "none" || end.exitCode === 0) return null;
  if (end.startFailure !== null) {
    return end.exitCode === NOT_FOUND ? null : { kind: "status", message: end.startFailure };
  }
  if (end.exitCode === SIGSYS_EXIT_CODE && end.sandbox !== "seatbelt") {
    return { kind: "signal", signal: "SIGSYS" };
  }
  const { context, tmpdir } = end;
  const judged: Judged = { ...end, access: pathAccess(context, { tmpdir }) };
  for (const line of end.output.slice(-LOOKED_AT).split("\n").toReversed()) {
    if (end.networkDisabled && unresolved.test(line)) return { kind: "network", errno: null };
    const spelling = spellings.find(([, pattern]) => pattern.test(line));
    if (spelling === undefined) continue;
    const found = judgeLine(line, ...spelling, judged);
    if (found !== null) return found;
  }
  return null;
}

interface Judged extends ConfinedEnd {
  readonly access: PathAccess;
}

function judgeLine(
  line: string,
  errno: Errno,
  pattern: RegExp,
  end: Judged,
): DenialEvidence | null {
  if (errno === "ENETUNREACH") return end.networkDisabled ? { kind: "network", errno } : null;
  const paths = pathsIn(line, errno, pattern, end);
  const kept = paths.find((path) => isKept(path, errno, end));
  if (kept !== undefined) return { kind: "path", errno, path: kept };
  // An error about a path that is not kept from it by the sandbox alone is an ordinary one.
  if (paths.length > 0 || (errno !== "EPERM" && errno !== "EACCES")) return null;
  return end.networkDisabled && aboutNetwork.test(line) ? { kind: "network", errno } : null;
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
  // A bare name that is not there yet: what a shell was to write. After "denied" servers give reasons.
  const isAboutFile = errno === "EROFS" || (errno === "EACCES" && behind.trim() === "");
  const isFile = (text: string): boolean =>
    text.includes("/") || exists(resolve(text, cwd)) || (isAboutFile && /^[\w.-]+$/.test(text));
  const named = [...quoted, ...bare.filter((text) => !/^\d*$/.test(text) && isFile(text))];
  const paths = named.filter((text) => text !== "" && !/\0|^\w+:\/\//.test(text));
  return [...new Set(paths.map((path) => resolve(path, cwd)))];
}

function quotedIn(text: string): readonly string[] {
  return [...text.matchAll(/['"‘“`]([^'"‘’“”`]+)['"’”`]/gu)].map((found) => found[1] ?? "");
}

/** Whether `errno` is what this sandbox makes of using `path`, which we ourselves could use. */
function isKept(path: AbsolutePath, errno: Errno, { sandbox, access, exitCode }: Judged): boolean {
  const isWriteKept = (): boolean => {
    if (access.mayWrite(path)) return false;
    return (
      isUsable(path, constants.W_OK) || (!exists(path) && isUsable(dirname(path), constants.W_OK))
    );
  };
  const isReadKept = (): boolean => !access.mayRead(path) && isUsable(path, constants.R_OK);
  switch (sandbox) {
    case "bwrap":
      // Read-only mounts, covers that nobody may open, and what is not there at all.
      if (errno === "EROFS") return isWriteKept();
      if (errno === "ENOENT") return isReadKept();
      return (errno === "EACCES" && isReadKept()) || isOthers(path, exitCode);
    case "landlock":
      return errno === "EACCES" && exitCode !== NOT_EXECUTABLE && isWriteKept();
    case "seatbelt":
      return errno === "EPERM" && (isWriteKept() || isReadKept());
    case "none":
      return false;
  }
}

/** Root has no capabilities inside: files of other users are closed to it there, and only there. */
function isOthers(path: AbsolutePath, exitCode: number): boolean {
  if (process.geteuid?.() !== 0 || exitCode === NOT_EXECUTABLE) return false;
  const owned = exists(path) ? path : dirname(path);
  return (statSync(owned, { throwIfNoEntry: false })?.uid ?? 0) !== 0;
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
  }
}
