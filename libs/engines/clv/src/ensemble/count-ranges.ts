/**
 * Smallest n with P(N ≤ n) ≥ q, for each of `levels` in (0, 1); the last n where none is.
 * @param below P(N ≤ n) from 0 on
 */
export function quantilesOf(below: readonly number[], levels: readonly number[]): number[] {
  return levels.map((level) => {
    let [low, high] = [0, Math.max(0, below.length - 1)];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((below[middle] ?? 1) >= level - 1e-12) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/**
 * The shortest range of counts that holds at least `level` of the probability, the lowest of equally short ones. For
 * counts it wastes less than two equal tails do: where 0 is likely there is no lower tail to leave out.
 * @param below P(N ≤ n) from 0 on, until it passes (1 + level) / 2
 */
export function shortestRangeOf(
  below: readonly number[],
  level: number,
): [low: number, high: number] {
  let best: [number, number] = [0, below.length - 1];
  let high = 0;
  for (let low = 0; low < below.length; low++) {
    const before = low === 0 ? 0 : (below[low - 1] ?? 0);
    while (high < below.length && (below[high] ?? 0) - before < level - 1e-12) high++;
    if (high === below.length) break;
    if (high - low < best[1] - best[0]) best = [low, high];
  }
  return best;
}
