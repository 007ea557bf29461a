import type { Measurement } from "./measure.ts";

function milliseconds(value: number): string {
  if (value >= 100) return `${value.toFixed(0)} ms`;
  return value >= 1 ? `${value.toFixed(1)} ms` : `${(value * 1000).toFixed(1)} µs`;
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)}×`;

/** A table in which each subject stands beside its ratio to the first. */
export function renderTable(measurements: readonly Measurement[]): string {
  const [base] = measurements;
  const rows = measurements.map(({ name, time, peakMemory }) => [
    name,
    milliseconds(time.median),
    `${milliseconds(time.low)} – ${milliseconds(time.high)}`,
    base === undefined ? "" : ratio(time.median, base.time.median),
    peakMemory === undefined ? "–" : megabytes(peakMemory.median),
    peakMemory === undefined || base?.peakMemory === undefined
      ? "–"
      : ratio(peakMemory.median, base.peakMemory.median),
  ]);
  const all = [["", "median", "80 % within", "ratio", "peak memory", "ratio"], ...rows];
  const widths = (all[0] ?? []).map((_cell, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
