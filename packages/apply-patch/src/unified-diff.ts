// A unified diff of two texts, by Myers' greedy algorithm over lines.

/** One run of the edit script: `old` lines give way to `new` ones, both as half-open ranges. */
interface Change {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** Beyond this many single-line edits the middle is shown as one replacement: time and memory are its square. */
const maximumEdits = 1500;

/**
 * The hunks that lead from `before` to `after`, without file headers; empty when the texts are equal.
 * Lines keep their own endings; a last line without one is followed by the usual note.
 *
 * @param context unchanged lines around each change, by default 1.
 */
export function unifiedDiff(before: string, after: string, context = 1): string {
  const oldLines = splitKeepingEndings(before);
  const newLines = splitKeepingEndings(after);
  return groupChanges(diffLines(oldLines, newLines), context)
    .map((group) => renderHunk(group, oldLines, newLines, context))
    .join("");
}

function splitKeepingEndings(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function diffLines(oldLines: readonly string[], newLines: readonly string[]): Change[] {
  const shorter = Math.min(oldLines.length, newLines.length);
  let head = 0;
  while (head < shorter && oldLines[head] === newLines[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && oldLines.at(-1 - tail) === newLines.at(-1 - tail)) tail += 1;
  const oldEnd = oldLines.length - tail;
  const newEnd = newLines.length - tail;
  if (head === oldEnd && head === newEnd) return [];
  const middle = shortestEdit(oldLines.slice(head, oldEnd), newLines.slice(head, newEnd));
  if (middle === null) return [{ oldStart: head, oldEnd, newStart: head, newEnd }];
  return middle.map((change) => ({
    oldStart: change.oldStart + head,
    oldEnd: change.oldEnd + head,
    newStart: change.newStart + head,
    newEnd: change.newEnd + head,
  }));
}

function shortestEdit(oldLines: readonly string[], newLines: readonly string[]): Change[] | null {
  const limit = Math.min(oldLines.length + newLines.length, maximumEdits);
  // furthest[k + limit + 1]: how far into the old lines diagonal k (old index − new index) has got.
  const furthest = new Int32Array(2 * limit + 3);
  const history: Int32Array[] = [];
  for (let edits = 0; edits <= limit; edits += 1) {
    history.push(furthest.slice(limit + 1 - edits, limit + 2 + edits));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const slot = diagonal + limit + 1;
      const below = furthest[slot - 1] ?? 0;
      const right = furthest[slot + 1] ?? 0;
      const isInsertion = diagonal === -edits || (diagonal !== edits && below < right);
      let oldIndex = isInsertion ? right : below + 1;
      while (
        oldIndex < oldLines.length &&
        oldIndex - diagonal < newLines.length &&
        oldLines[oldIndex] === newLines[oldIndex - diagonal]
      ) {
        oldIndex += 1;
      }
      furthest[slot] = oldIndex;
      if (oldIndex >= oldLines.length && oldIndex - diagonal >= newLines.length) {
        return walkBack(history, oldLines.length, newLines.length);
      }
    }
  }
  return null;
}

function walkBack(history: readonly Int32Array[], oldLength: number, newLength: number): Change[] {
  const changes: Change[] = [];
  let oldIndex = oldLength;
  let newIndex = newLength;
  for (let edits = history.length - 1; edits > 0; edits -= 1) {
    const before = history[edits];
    const at = (diagonal: number) => before?.[diagonal + edits] ?? 0;
    const diagonal = oldIndex - newIndex;
    const isInsertion =
      diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
    const fromDiagonal = isInsertion ? diagonal + 1 : diagonal - 1;
    const fromOld = at(fromDiagonal);
    const fromNew = fromOld - fromDiagonal;
    changes.unshift({
      oldStart: fromOld,
      oldEnd: isInsertion ? fromOld : fromOld + 1,
      newStart: fromNew,
      newEnd: isInsertion ? fromNew + 1 : fromNew,
    });
    oldIndex = fromOld;
    newIndex = fromNew;
  }
  return joinTouching(changes);
}

function joinTouching(changes: readonly Change[]): Change[] {
  const joined: Change[] = [];
  for (const change of changes) {
    const last = joined.at(-1);
    if (last?.oldEnd === change.oldStart && last.newEnd === change.newStart) {
      joined[joined.length - 1] = { ...last, oldEnd: change.oldEnd, newEnd: change.newEnd };
    } else {
      joined.push(change);
    }
  }
  return joined;
}

function groupChanges(changes: readonly Change[], context: number): Change[][] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group !== undefined && last !== undefined && change.oldStart - last.oldEnd <= 2 * context) {
      group.push(change);
    } else {
      groups.push([change]);
    }
  }
  return groups;
}

function renderHunk(
  group: readonly Change[],
  oldLines: readonly string[],
  newLines: readonly string[],
  context: number,
): string {
  const first = group[0];
  const last = group.at(-1);
  if (first === undefined || last === undefined) return "";
  const lead = Math.min(context, first.oldStart);
  const trail = Math.min(context, oldLines.length - last.oldEnd);
  const oldStart = first.oldStart - lead;
  const oldRange = rangeText(oldStart, last.oldEnd + trail);
  const newRange = rangeText(first.newStart - lead, last.newEnd + trail);
  let body = "";
  let position = oldStart;
  for (const change of group) {
    body += prefixed(" ", oldLines.slice(position, change.oldStart));
    body += prefixed("-", oldLines.slice(change.oldStart, change.oldEnd));
    body += prefixed("+", newLines.slice(change.newStart, change.newEnd));
    position = change.oldEnd;
  }
  body += prefixed(" ", oldLines.slice(position, last.oldEnd + trail));
  return `@@ -${oldRange} +${newRange} @@\n${body}`;
}

/** A line range as unified diffs write it: from 1, the length left out when it is 1. */
function rangeText(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return `${start + 1}`;
  return `${length === 0 ? start : start + 1},${length}`;
}

function prefixed(prefix: string, lines: readonly string[]): string {
  return lines
    .map((line) =>
      line.endsWith("\n") ? prefix + line : `${prefix}${line}\n\\ No newline at end of file\n`,
    )
    .join("");
}
