import { fitGammaGamma, fitHeldMean, type SpendRows } from './gamma-gamma.js';
import type { Estimate } from './maximum-likelihood.js';
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
const MIN_REPEATERS = 3;
/**
 * The mean of the customers' mean spends is unbiased for pv/(q − 1), whatever the parameters. Heavy but real tails put
 * it off by a quarter (log-normal prices, σ = 1.2, 400 customers); a few fixed prices, which no inverse gamma fits, by
 * 2 to 30.
 */
const MAX_MEAN_RATIO = 1.5;
/** A customer's spends that vary by 1 %: whoever always pays the same runs off to infinity. */
const MAX_HELD_SHAPE = 10_000;

/**
 * Gamma-Gamma by maximum likelihood on the repeat customers (Fader, Hardie 2013, "The Gamma-Gamma Model of
 * Monetary Value", eq. 1a). Where its population's mean would not exist (q ≤ 1) or is nothing that the customers'
 * spends show, it is fitted again with that mean held at theirs, with a warning. Falls back to the plain mean, with a
 * warning, where there are fewer than three.
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
  const estimate = fitGammaGamma(rows);
  const problem = meanProblem(estimate, rows);
  if (problem !== undefined) {
    warnings.push(problem);
    return { model: heldModel(rows, facts), warnings };
  }
  const [p = NaN, q = NaN, scaledV = NaN] = estimate.theta;
  const v = scaledV * (rows.scale / MICROS);
  warnings.push(...estimateWarnings(estimate));
  const model: SpendModel = {
    kind: 'gamma_gamma',
    parameters: { p, q, v },
    parameterNames: NAMES,
    logLikelihood: estimate.logLikelihood - facts.customers * Math.log(rows.scale / MICROS),
    standardErrors: standardErrors(estimate, naturalFactors(estimate, rows)),
    ...(estimate.logCovariance !== undefined && {
      logCovariance: lowerTriangle(estimate.logCovariance),
    }),
    populationMeanMicros: (p * v * MICROS) / (q - 1),
    ...facts,
  };
  return { model, warnings };
}

/** What speaks against the mean pv/(q − 1), which in units of the mean spend should be about 1. */
function meanProblem({ theta }: Estimate, rows: SpendRows): FitWarning | undefined {
  const [p = NaN, q = NaN, v = NaN] = theta;
  if (!(q > 1)) {
    const message = `Spend has q = ${q.toPrecision(4)} ≤ 1, so it has no mean: it is held at the customers' mean.`;
    return { code: 'spend_shape_at_most_one', message };
  }
  const ratio = (p * v) / (q - 1);
  if (ratio < MAX_MEAN_RATIO && ratio > 1 / MAX_MEAN_RATIO) return undefined;
  const [model, sample] = [ratio, 1].map((mean) => ((mean * rows.scale) / MICROS).toFixed(2));
  const message = `Gamma-Gamma expects ${model} a purchase where ${sample} was spent: its mean is held at that.`;
  return { code: 'spend_mean_not_identified', message };
}

/** No errors of parameters: there is one less of them, and those that are left often run off. */
function heldModel(rows: SpendRows, facts: Facts): SpendModel {
  const { theta, logLikelihood } = fitHeldMean(rows);
  const [p, less] = [Math.min(MAX_HELD_SHAPE, theta[0] ?? NaN), theta[1] ?? NaN];
  const scale = rows.scale / MICROS;
  return {
    kind: 'gamma_gamma',
    parameters: { p, q: less + 1, v: (less / p) * scale },
    parameterNames: NAMES,
    logLikelihood: logLikelihood - facts.customers * Math.log(scale),
    standardErrors: null,
    populationMeanMicros: rows.scale,
    ...facts,
  };
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
