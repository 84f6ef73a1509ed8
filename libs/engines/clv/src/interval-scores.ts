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
