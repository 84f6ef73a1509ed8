/** A forecast interval and what happened. */
export interface IntervalOutcome {
  readonly low: number;
  readonly high: number;
  readonly actual: number;
}

/** Whether the interval holds what happened; both ends belong to it. */
export function isCovered({ low, high, actual }: IntervalOutcome): boolean {
  return actual >= low && actual <= high;
}

/** Share of covered outcomes; null of none. */
export function coverage(outcomes: readonly IntervalOutcome[]): number | null {
  if (outcomes.length === 0) return null;
  return outcomes.filter(isCovered).length / outcomes.length;
}

/**
 * (u − l) + 2/α (l − y)⁺ + 2/α (y − u)⁺ with α = 1 − level: lower is better, and honest quantiles score best
 * (Gneiting, Raftery 2007, Strictly Proper Scoring Rules, JASA 102:477, eq. 43).
 */
export function intervalScore({ low, high, actual }: IntervalOutcome, level: number): number {
  const penalty = 2 / (1 - level);
  const missed = Math.max(0, low - actual) + Math.max(0, actual - high);
  return high - low + penalty * missed;
}

/** (q − y)(1[y ≤ q] − τ): lower is better, the τ-quantile scores best (Koenker, Bassett 1978). */
export function pinballLoss(quantile: number, actual: number, level: number): number {
  return (quantile - actual) * ((actual <= quantile ? 1 : 0) - level);
}

/** Mean absolute error of a forecast; the median of the predictive distribution makes it least. 0 of none. */
export function meanAbsoluteError(forecast: ArrayLike<number>, actual: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) sum += Math.abs((forecast[i] ?? 0) - (actual[i] ?? 0));
  return actual.length === 0 ? 0 : sum / actual.length;
}

const BINS = 10;

/**
 * Population stability index Σ (p − q) log(p/q) of a feature or score against a reference, over the tenths of the
 * reference, each share smoothed by half a customer. By convention below .1 stable, from .2 drifted. Null of none.
 */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): number | null {
  if (reference.length === 0 || current.length === 0) return null;
  const sorted = Float64Array.from(reference).sort();
  const edges = Array.from(
    { length: BINS - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / BINS)] ?? 0,
  );
  const [p, q] = [reference, current].map((values) => shares(values, edges));
  return edges.concat(0).reduce((sum, _, i) => {
    const [a, b] = [p?.[i] ?? 0, q?.[i] ?? 0];
    return sum + (b - a) * Math.log(b / a);
  }, 0);
}

/** Share of the values in each bin: a value belongs to the bin that ends above it. */
function shares(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0.5);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const bin = edges.findIndex((edge) => value < edge);
    const index = bin === -1 ? edges.length : bin;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  const total = values.length + counts.length / 2;
  return counts.map((count) => count / total);
}
