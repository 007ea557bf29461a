// Whether a benchmark's medians keep to its bounds.
import type { Bound } from "./benchmark.ts";
import type { Measurement } from "./measure.ts";

/** `measured` is in the bound's own unit, milliseconds or times; null when a subject was not measured. */
export interface BoundResult {
  readonly bound: Bound;
  readonly measured: number | null;
  readonly kept: boolean | null;
}

/** Holds the medians against the bounds, in their order. */
export function checkBounds(
  bounds: readonly Bound[],
  measurements: readonly Measurement[],
): readonly BoundResult[] {
  const median = (name: string): number | undefined =>
    measurements.find((measurement) => measurement.name === name)?.time.median;
  return bounds.map((bound) => {
    const own = median(bound.subject);
    const other = "of" in bound ? median(bound.of) : "over" in bound ? median(bound.over) : 0;
    if (own === undefined || other === undefined) return { bound, measured: null, kept: null };
    const measured = "of" in bound ? own / other : own - other;
    const limit = "atMostTimes" in bound ? bound.atMostTimes : bound.atMostMs;
    return { bound, measured, kept: measured <= limit };
  });
}

function limitOf(bound: Bound): string {
  if ("of" in bound) return `at most ${bound.atMostTimes}× ${bound.of}`;
  const over = "over" in bound ? ` more than ${bound.over}` : "";
  return `at most ${bound.atMostMs} ms${over}`;
}

/** A line for each bound: passed, failed or not measured. */
export function renderBounds(results: readonly BoundResult[]): string {
  return results
    .map(({ bound, measured, kept }) => {
      const verdict = kept === null ? "–   " : kept ? "pass" : "FAIL";
      const unit = "of" in bound ? "×" : " ms";
      const value = measured === null ? "not measured" : `${measured.toFixed(2)}${unit}`;
      return `${verdict}  ${bound.subject}: ${value} (${limitOf(bound)})`;
    })
    .join("\n");
}
