import { populationStability, scoreForecast } from '@kiki/clv';

/** Two models' values of the same customers, micros. */
export interface ShadowPairs {
  readonly champion: readonly number[];
  readonly challenger: readonly number[];
}

/** How two models differ. */
export interface ShadowSummary {
  readonly pairs: number;
  readonly championMeanMicros: number;
  readonly challengerMeanMicros: number;
  /** Mean of challenger − champion. */
  readonly meanDifferenceMicros: number;
  /** Spearman's; null when either side does not vary. */
  readonly rankCorrelation: number | null;
  /** Of the challenger's values over the champion's deciles; null below 100 pairs. */
  readonly psi: number | null;
}

const MIN_PAIRS = 100;

/** Sums pairs up; undefined without any. */
export function summarizeShadow({ champion, challenger }: ShadowPairs): ShadowSummary | undefined {
  const pairs = champion.length;
  if (pairs === 0) return undefined;
  const [championMeanMicros, challengerMeanMicros] = [mean(champion), mean(challenger)];
  const ids = champion.map((_, i) => String(i));
  const [a, b] = [Float64Array.from(champion), Float64Array.from(challenger)];
  return {
    pairs,
    championMeanMicros,
    challengerMeanMicros,
    meanDifferenceMicros: challengerMeanMicros - championMeanMicros,
    rankCorrelation: scoreForecast(ids, a, b).spearman,
    psi: pairs < MIN_PAIRS ? null : populationStability(champion, challenger),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
