/**
 * The value below which the share `q` of the samples lies, interpolated between neighbours.
 *
 * @param samples - at least one number, in any order
 * @param q - from 0 to 1
 */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export interface Distribution {
  readonly median: number;
  /** A tenth of the samples lies below. */
  readonly low: number;
  /** A tenth of the samples lies above. */
  readonly high: number;
}

export function distribution(samples: readonly number[]): Distribution {
  return {
    median: quantile(samples, /*q*/ 0.5),
    low: quantile(samples, /*q*/ 0.1),
    high: quantile(samples, /*q*/ 0.9),
  };
}
