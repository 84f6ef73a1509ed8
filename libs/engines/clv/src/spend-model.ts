import { maximize, type Estimate } from './maximum-likelihood.js';
import { digamma, logGamma } from './numerics/gamma.js';
import type { CustomerTable } from './statistics.js';
import type { FitWarning } from './warning.js';

/** The spend models there are. */
export type SpendModelKind = 'gamma_gamma' | 'mean';

/** A fitted spend model: plain data. Amounts in its parameters are units of the currency, not micros. */
export interface SpendModel {
  readonly kind: SpendModelKind;
  /** Gamma-Gamma: p, q, v; mean: mean. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly parameterNames: readonly string[];
  /** Null where there is no likelihood. */
  readonly logLikelihood: number | null;
  /** By name; null where the data do not determine them. */
  readonly standardErrors: Readonly<Record<string, number>> | null;
  /**
   * Covariance of the logarithms of the parameters, lower triangle row by row; absent where the data do not determine
   * it, and in models fitted before it was kept.
   */
  readonly logCovariance?: readonly number[];
  /** Expected spend per purchase of a customer whose spend is unknown, micros as a double. */
  readonly populationMeanMicros: number;
  /** Repeat customers with a positive spend: those that were fitted. */
  readonly customers: number;
  /**
   * Repeat customers whose repeat purchases brought nothing; they are left out of the fit, not of
   * predictions.
   */
  readonly zeroSpendCustomers: number;
  /**
   * Pearson correlation of frequency and mean spend among repeat customers; null when undefined. Should be
   * near zero.
   */
  readonly frequencySpendCorrelation: number | null;
}

/** A fit and what there is to say about it. */
export interface SpendFit {
  readonly model: SpendModel;
  readonly warnings: readonly FitWarning[];
}

const MICROS = 1e6;
const NAMES = ['p', 'q', 'v'] as const;
/** In units of the mean spend. */
const STARTS = [
  [5, 4, 0.5],
  [1, 2, 1],
  [2, 10, 5],
  [0.5, 20, 30],
];
const MIN_REPEATERS = 3;

/** Identical (x, z) are neighbours, so that the sum never depends on the order of the customers. */
interface SpendRows {
  readonly frequency: Float64Array;
  /** Mean spend over the mean of means. */
  readonly spend: Float64Array;
  /** Micros of one unit of `spend`. */
  readonly scale: number;
}

/**
 * Gamma-Gamma by maximum likelihood on the repeat customers (Fader, Hardie 2013, "The Gamma-Gamma Model of
 * Monetary Value", eq. 1a). Falls back to the plain mean, with a warning, where there are fewer than three,
 * or where q ≤ 1 and the population's mean would not exist.
 */
export function fitSpend(table: CustomerTable, kind: SpendModelKind = 'gamma_gamma'): SpendFit {
  const { rows, zeroSpendCustomers } = spendRows(table);
  const frequencySpendCorrelation = correlation(rows.frequency, rows.spend);
  const facts = {
    customers: rows.frequency.length,
    zeroSpendCustomers,
    frequencySpendCorrelation,
  };
  const warnings: FitWarning[] = [];
  if (zeroSpendCustomers > 0) {
    const message = `${zeroSpendCustomers} repeat customers spent nothing and were left out of the spend fit.`;
    warnings.push({ code: 'zero_spend_left_out', message });
  }
  if (kind === 'mean') return { model: meanModel(rows, facts), warnings };
  if (facts.customers < MIN_REPEATERS) {
    const message = `Only ${facts.customers} repeat customers have a spend: the mean is used.`;
    warnings.push({ code: 'spend_not_enough_data', message });
    return { model: meanModel(rows, facts), warnings };
  }
  return gammaGamma(rows, facts, warnings);
}

type Facts = Pick<SpendModel, 'customers' | 'zeroSpendCustomers' | 'frequencySpendCorrelation'>;

function gammaGamma(rows: SpendRows, facts: Facts, warnings: FitWarning[]): SpendFit {
  const estimate = maximize({
    observations: facts.customers,
    starts: STARTS,
    at: (theta, gradient) => gammaGammaLogLikelihood(theta, rows, gradient),
  });
  const [p = NaN, q = NaN] = estimate.theta;
  const [v = NaN, factors] = [
    (estimate.theta[2] ?? NaN) * (rows.scale / MICROS),
    naturalFactors(estimate, rows),
  ];
  warnings.push(...estimateWarnings(estimate));
  if (!(q > 1)) {
    const message = `Spend has q = ${q.toPrecision(4)} ≤ 1, so it has no mean: the sample mean is used.`;
    warnings.push({ code: 'spend_shape_at_most_one', message });
    return { model: meanModel(rows, facts), warnings };
  }
  const model: SpendModel = {
    kind: 'gamma_gamma',
    parameters: { p, q, v },
    parameterNames: NAMES,
    logLikelihood: estimate.logLikelihood - facts.customers * Math.log(rows.scale / MICROS),
    standardErrors: standardErrors(estimate, factors),
    ...(estimate.logCovariance !== undefined && {
      logCovariance: lowerTriangle(estimate.logCovariance),
    }),
    populationMeanMicros: (p * v * MICROS) / (q - 1),
    ...facts,
  };
  return { model, warnings };
}

function naturalFactors({ theta }: Estimate, rows: SpendRows): number[] {
  return Array.from(theta, (value, i) => (i === 2 ? value * (rows.scale / MICROS) : value));
}

function standardErrors(
  { logCovariance }: Estimate,
  factors: readonly number[],
): Record<string, number> | null {
  if (logCovariance === undefined) return null;
  const errorOf = (i: number): number =>
    Math.sqrt(logCovariance[i]?.[i] ?? NaN) * (factors[i] ?? NaN);
  return { p: errorOf(0), q: errorOf(1), v: errorOf(2) };
}

/** To six digits: p and v move together, so that four would be too few for what is left of their sum. */
function lowerTriangle(matrix: readonly (readonly number[])[]): number[] {
  return matrix.flatMap((row, i) =>
    row.slice(0, i + 1).map((value) => Number(value.toPrecision(6))),
  );
}

function estimateWarnings(estimate: Estimate): FitWarning[] {
  const warnings: FitWarning[] = [];
  for (const i of estimate.atBoundary) {
    const message = `Parameter ${NAMES[i]} of Gamma-Gamma ran off to a boundary.`;
    warnings.push({ code: 'parameter_at_boundary', message });
  }
  if (!estimate.hasConverged) {
    const message = 'The fit of Gamma-Gamma stopped before its gradient was zero.';
    warnings.push({ code: 'not_converged', message });
  }
  return warnings;
}

function meanModel(rows: SpendRows, facts: Facts): SpendModel {
  const mean = facts.customers === 0 ? 0 : rows.scale / MICROS;
  return {
    kind: 'mean',
    parameters: { mean },
    parameterNames: ['mean'],
    logLikelihood: null,
    standardErrors: null,
    populationMeanMicros: mean * MICROS,
    ...facts,
  };
}

/**
 * log L of mean spends z over x purchases:
 * Σ log Γ(px+q) − log Γ(px) − log Γ(q) + q log v + (px−1) log z + px log x − (px+q) log(v+xz).
 */
export function gammaGammaLogLikelihood(
  theta: ArrayLike<number>,
  rows: Pick<SpendRows, 'frequency' | 'spend'>,
  gradient?: Float64Array,
): number {
  const [p = NaN, q = NaN, v = NaN] = Array.from(theta);
  const [logGammaQ, digammaQ, logV] = [logGamma(q), digamma(q), Math.log(v)];
  let [ll, dp, dq, dv] = [0, 0, 0, 0];
  for (let i = 0; i < rows.frequency.length; i++) {
    const [x, z] = [rows.frequency[i] ?? 0, rows.spend[i] ?? 0];
    const [shape, sum] = [p * x, v + x * z];
    const logSum = Math.log(sum);
    const digammaAll = digamma(shape + q);
    ll +=
      logGamma(shape + q) -
      logGamma(shape) -
      logGammaQ +
      q * logV +
      (shape - 1) * Math.log(z) +
      shape * Math.log(x) -
      (shape + q) * logSum;
    dp += x * (digammaAll - digamma(shape) + Math.log(x * z) - logSum);
    dq += digammaAll - digammaQ + logV - logSum;
    dv += q / v - (shape + q) / sum;
  }
  if (gradient !== undefined) gradient.set([dp, dq, dv]);
  return ll;
}

/**
 * Expected spend per purchase, micros as a double: E[M | x, z] = p(v + xz) / (px + q − 1), which is the
 * population's mean for x = 0 or an unknown spend. Never negative.
 */
export function expectedSpendMicros(
  model: SpendModel,
  frequency: number,
  spendMeanMicros: number | undefined,
): number {
  if (model.kind === 'mean' || frequency === 0 || spendMeanMicros === undefined) {
    return model.populationMeanMicros;
  }
  const { p = NaN, q = NaN, v = NaN } = model.parameters;
  return (p * (v * MICROS + frequency * spendMeanMicros)) / (p * frequency + q - 1);
}

function spendRows(table: CustomerTable): {
  readonly rows: SpendRows;
  readonly zeroSpendCustomers: number;
} {
  const { frequency, spendMeanMicros } = table;
  const found: [number, number][] = [];
  let zeroSpendCustomers = 0;
  frequency.forEach((x, i) => {
    const spend = spendMeanMicros[i] ?? 0;
    if (x > 0 && spend > 0) found.push([x, spend]);
    else if (x > 0) zeroSpendCustomers += 1;
  });
  found.sort(([x1, z1], [x2, z2]) => x1 - x2 || z1 - z2);
  const mean = found.reduce((sum, [, z]) => sum + z, 0) / Math.max(1, found.length);
  const scale = mean > 0 ? mean : 1;
  const rows = {
    frequency: Float64Array.from(found, ([x]) => x),
    spend: Float64Array.from(found, ([, z]) => z / scale),
    scale,
  };
  return { rows, zeroSpendCustomers };
}

/** Pearson's correlation; null when either side does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const n = a.length;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < n; i++) {
    meanA += (a[i] ?? 0) / n;
    meanB += (b[i] ?? 0) / n;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}
