// What `git apply` says of each file, in English: our calls ask for it.
import { unquoteName } from "./patch-paths.ts";

/** Paths, each in at most one list, sorted. */
export interface ApplyOutcome {
  readonly applied: readonly string[];
  readonly skipped: readonly string[];
  readonly conflicted: readonly string[];
}

type Verdict = "applied" | "conflicted" | "skipped";

interface Rule {
  readonly pattern: RegExp;
  /** Null: the line names the file that the next ones are about. */
  readonly verdict: Verdict | null;
}

const name = String.raw`('.+?'|"(?:\\.|[^"\\])*"|.+?)`;

function rule(pattern: string, verdict: Verdict | null): Rule {
  return { pattern: new RegExp(`^${pattern}$`, "i"), verdict };
}

const rules: readonly Rule[] = [
  rule(`checking patch ${name}(?: => .+)?\\.\\.\\.`, /*verdict*/ null),
  rule(`applied(?: patch)?(?: to)? ${name} cleanly\\.?`, "applied"),
  rule(`applied(?: patch)?(?: to)? ${name} with conflicts\\.?`, "conflicted"),
  rule(`applying patch ${name} with \\d+ rejects?\\.{0,3}`, "conflicted"),
  rule(`u (.+)`, "conflicted"),
  rule(`(?:warning|error): cannot merge binary files: ${name} \\(.+\\)`, "conflicted"),
  rule(`error: patch failed: ${name}:\\d+`, "skipped"),
  rule(`error: ${name}: patch does not apply`, "skipped"),
  rule(`error: ${name}: does not match index`, "skipped"),
  rule(`error: ${name}: does not exist in index`, "skipped"),
  rule(`error: ${name}: already exists in (?:the )?(?:working directory|index)`, "skipped"),
  rule(`error: ${name}: (?:has been|was) (?:renamed|deleted).*`, "skipped"),
  rule(`error: path ${name} has been renamed/deleted`, "skipped"),
  rule(`error: cannot apply binary patch to ${name} without full index line`, "skipped"),
  rule(`error: (?:the patch|binary patch) (?:does not apply|to) ${name}(?: .*)?`, "skipped"),
  rule(`error: binary patch does not apply to ${name}`, "skipped"),
  rule(`error: (?:could not read|cannot read|failed to read) ${name}(?:: .*)?`, "skipped"),
  rule(`error: ${name}: no such file or directory`, "skipped"),
  rule(`error: ${name}: (?:wrong type|is beyond a symbolic link)`, "skipped"),
  rule(`skipped patch ${name}\\.?`, "skipped"),
];

const aboutCurrent =
  /^(?:failed to perform three-way merge|error: repository lacks the necessary blob|repository lacks the necessary blob)/i;

const strength: Readonly<Record<Verdict, number>> = { skipped: 0, applied: 1, conflicted: 2 };

/**
 * Reads git's output against the paths of the diff. A path that it says nothing about counts as
 * applied when `allApplied` holds, and is in no list else.
 */
export function parseApplyOutput(
  output: string,
  pathsOfDiff: readonly string[],
  allApplied: boolean,
): ApplyOutcome {
  const known = new Set(pathsOfDiff);
  const verdicts = new Map<string, Verdict>();
  const mark = (path: string, verdict: Verdict) => {
    const before = verdicts.get(path);
    if (before === undefined || strength[verdict] > strength[before]) verdicts.set(path, verdict);
  };
  let current: string | null = null;
  for (const line of output.split(/\r?\n/)) {
    const text = line.trim();
    if (aboutCurrent.test(text)) {
      if (current !== null) mark(current, "skipped");
      continue;
    }
    for (const { pattern, verdict } of rules) {
      const written = pattern.exec(text)?.[1];
      const path = written === undefined ? null : pathOf(written, known);
      if (path === null) continue;
      current = path;
      if (verdict !== null) mark(path, verdict);
      break;
    }
  }
  if (allApplied) for (const path of known) if (!verdicts.has(path)) verdicts.set(path, "applied");
  const having = (wanted: Verdict) =>
    [...verdicts]
      .filter(([, verdict]) => verdict === wanted)
      .map(([path]) => path)
      .toSorted();
  return {
    applied: having("applied"),
    skipped: having("skipped"),
    conflicted: having("conflicted"),
  };
}

/** The path of the diff that git's words name; null for a path that the diff does not have. */
function pathOf(written: string, known: ReadonlySet<string>): string | null {
  const plain = unquoteName(written);
  const bare = plain.replace(/^'(.*)'$/s, "$1");
  return [plain, bare, bare.replace(/^[ab]\//, "")].find((path) => known.has(path)) ?? null;
}
