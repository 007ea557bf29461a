// Which of several names a mistyped one was probably meant to be.

/** Optimal string alignment distance: insertions, deletions, substitutions and neighbour swaps. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** `_`, `-`, blanks and letter case are not what tells two names apart. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, "");
}

/**
 * The candidate that `name` is closest to, or undefined when none is close: at most a third of the
 * name may differ. Of equally close ones the first wins.
 */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = folded(name);
  if (wanted.length > 100) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const difference = distance(wanted, folded(candidate));
    if (difference < bestDistance) {
      best = candidate;
      bestDistance = difference;
    }
  }
  return best;
}
