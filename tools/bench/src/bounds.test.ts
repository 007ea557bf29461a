import { expect, test } from "vitest";
import type { Bound } from "./benchmark.ts";
import { checkBounds, renderBounds } from "./bounds.ts";
import type { Measurement } from "./measure.ts";

const measurement = (name: string, median: number): Measurement => ({
  name,
  time: { median, low: median, high: median },
  peakMemory: undefined,
});

test("each bound says whether the medians keep to it, by itself or against another subject", () => {
  const bounds: readonly Bound[] = [
    { subject: "wrapped", atMostTimes: 6, of: "bare" },
    { subject: "wrapped", atMostTimes: 2, of: "bare" },
    { subject: "line", atMostMs: 2 },
    { subject: "wrapped", atMostMs: 5, over: "bare" },
    { subject: "wrapped", atMostTimes: 0.4, of: "released" },
  ];
  const results = checkBounds(bounds, [
    measurement("bare", /*median*/ 1),
    measurement("wrapped", /*median*/ 4.5),
    measurement("line", /*median*/ 2),
  ]);
  expect(results.map(({ kept }) => kept)).toEqual([true, false, true, true, null]);
  expect(renderBounds(results)).toBe(
    [
      "pass  wrapped: 4.50× (at most 6× bare)",
      "FAIL  wrapped: 4.50× (at most 2× bare)",
      "pass  line: 2.00 ms (at most 2 ms)",
      "pass  wrapped: 3.50 ms (at most 5 ms more than bare)",
      "–     wrapped: not measured (at most 0.4× released)",
    ].join("\n"),
  );
});
