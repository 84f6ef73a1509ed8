/** The middle sample; the mean of the two middle ones of an even number. NaN of none. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996). NaN of none. */
export function quantile(samples: readonly number[], probability: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * probability;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** Pairwise a/b of samples that were taken in turn. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value / (b[i] ?? Number.NaN));
}
