import { errors } from './errors.js';
import {
  estimatedParameters,
  estimateWarnings,
  type EstimatedParameters,
} from './estimated-parameters.js';
import { maximize, type Estimate } from './maximum-likelihood.js';
import { DROPOUT_KINDS, purchaseKind } from './models/index.js';
import { totalPurchases } from './models/nbd.js';
import type { PurchaseKind, PurchaseModelKind, RequestedKind } from './models/purchase-kind.js';
import {
  checkStatistics,
  groupRows,
  rowOf,
  type CustomerTable,
  type GroupedRows,
} from './statistics.js';
import type { TimeUnit } from './time-unit.js';
import type { FitWarning } from './warning.js';

/**
 * A fitted purchase model: plain data, structured-cloneable, JSON of about one kilobyte; times in `timeUnit`, the
 * log-likelihood too.
 */
export interface PurchaseModel extends EstimatedParameters {
  readonly kind: PurchaseModelKind;
  readonly timeUnit: TimeUnit;
}

/** A fit: the model to use, and what happened to the one that was asked for. */
export interface PurchaseFit {
  /** The requested model, or NBD where the data show no dropout. */
  readonly model: PurchaseModel;
  readonly requestedKind: RequestedKind;
  /** False when the requested model's dropout cannot be told from none; then `model` is NBD. */
  readonly dropoutIdentified: boolean;
  /** The requested model as fitted, also when it is not used; of `auto` the one with the best likelihood. */
  readonly requested: PurchaseModel;
  /** NBD on the same data: the yardstick. */
  readonly nbd: PurchaseModel;
  /** What ran to a boundary, what has no standard error. */
  readonly warnings: readonly FitWarning[];
}

/** AIC: what more parameters must gain, each, in units of log-likelihood. */
const GAIN_PER_PARAMETER = 1;
/** A dropout less likely than this, per purchase or mean age, has run off to none at all. */
const VANISHING_DROPOUT = 1e-6;
/** Beyond it differences of gamma functions lose the digits that a fit needs. */
const MAX_FREQUENCY = 1_000_000;

/**
 * Fits by maximum likelihood: identical rows grouped, time divided by its mean, log-parameters, BFGS from
 * several starts. `auto` fits every kind and takes the best by Akaike's criterion among those whose dropout is
 * identified: they have equally many parameters, so by likelihood.
 * @throws clv_not_enough_data, clv_statistics_invalid
 */
export function fitPurchases(table: CustomerTable, kind: RequestedKind = 'bg_nbd'): PurchaseFit {
  const { rows, timeScale } = scaledRowsOf(table);
  const data = { rows, timeScale, timeUnit: table.timeUnit };
  const fit = (one: PurchaseModelKind): Fitted => fitKind(purchaseKind(one), data);
  const nbd = fit('nbd');
  if (kind === 'nbd') return fitOf(nbd, nbd, kind);
  const tried = kind === 'auto' ? DROPOUT_KINDS.map(fit) : [fit(kind)];
  const best = tried.reduce((a, b) => (isBetter(b, a, nbd) ? b : a));
  return fitOf(best, nbd, kind);
}

/** Checked, grouped and scaled, so that the order of the customers changes no bit of the fit. */
function scaledRowsOf(table: CustomerTable): {
  readonly rows: GroupedRows;
  readonly timeScale: number;
} {
  const customers = table.customerIds.length;
  for (let i = 0; i < customers; i++) checkStatistics(rowOf(table, i));
  const unscaled = groupRows(table);
  if (unscaled.maxFrequency > MAX_FREQUENCY) {
    throw errors.clv_statistics_invalid(
      `A customer has ${unscaled.maxFrequency} repeat purchases; a fit takes up to ${MAX_FREQUENCY}.`,
    );
  }
  const timeScale = weightedMean(unscaled.age, unscaled.weight);
  const repeaters = table.frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0);
  if (customers < 10 || repeaters < 3 || !(timeScale > 0)) {
    throw errors.clv_not_enough_data(
      `${customers} customers, ${repeaters} with a repeat purchase; at least 10 and 3 are needed.`,
    );
  }
  return { rows: scaledRows(unscaled, timeScale), timeScale };
}

interface Fitted {
  readonly model: PurchaseModel;
  readonly estimate: Estimate;
  /** What the kind becomes at a boundary, if it has such a limit. */
  readonly limit?: Fitted | undefined;
  /** At the estimate, per purchase or mean age. */
  readonly dropoutProbability: number;
}

function isBetter(a: Fitted, b: Fitted, nbd: Fitted): boolean {
  const [isA, isB] = [isDropoutIdentified(a, nbd), isDropoutIdentified(b, nbd)];
  if (isA !== isB) return isA;
  return a.model.logLikelihood > b.model.logLikelihood;
}

function fitOf(requested: Fitted, nbd: Fitted, requestedKind: RequestedKind): PurchaseFit {
  const dropoutIdentified = isDropoutIdentified(requested, nbd);
  return {
    model: dropoutIdentified ? requested.model : nbd.model,
    requestedKind,
    dropoutIdentified,
    requested: requested.model,
    nbd: nbd.model,
    warnings: warningsOf(requested, dropoutIdentified),
  };
}

/** Two ways not to be: the data gain too little by it, or it ran to a boundary where nobody leaves. */
function isDropoutIdentified(fitted: Fitted, nbd: Fitted): boolean {
  return isGain(fitted, nbd) && fitted.dropoutProbability > VANISHING_DROPOUT;
}

/** By Akaike's criterion. */
function isGain({ model }: Fitted, simpler: Fitted): boolean {
  const gain = model.logLikelihood - simpler.model.logLikelihood;
  const more = model.parameterNames.length - simpler.model.parameterNames.length;
  return gain > GAIN_PER_PARAMETER * more;
}

function warningsOf(fitted: Fitted, dropoutIdentified: boolean): FitWarning[] {
  const { model, estimate, limit } = fitted;
  const warnings: FitWarning[] = [];
  const warn = (code: FitWarning['code'], message: string): void => {
    warnings.push({ code, message });
  };
  if (!dropoutIdentified && model.kind !== 'nbd') {
    const message = `The data show no dropout: ${model.kind} is no better than NBD, which is used instead.`;
    warn('dropout_not_identified', message);
  }
  if (limit !== undefined && !isGain(fitted, limit)) {
    const gain = Math.max(0, model.logLikelihood - limit.model.logLikelihood).toFixed(4);
    const message = `${model.kind} gains ${gain} over ${limit.model.kind}, its limit: along a flat`;
    warn('parameters_on_ridge', `${message} ridge only the ratio of b and beta counts.`);
  }
  return [...warnings, ...estimateWarnings(estimate, model, model.kind)];
}

interface FitData {
  readonly rows: GroupedRows;
  /** Units of time in one of the scaled rows'. */
  readonly timeScale: number;
  readonly timeUnit: TimeUnit;
}

function fitKind(mathematics: PurchaseKind, data: FitData): Fitted {
  const { rows, timeScale, timeUnit } = data;
  const limit = mathematics.limit && fitKind(purchaseKind(mathematics.limit.kind), data);
  const near = limit && mathematics.limit?.startFrom(Array.from(limit.estimate.theta));
  const estimate = maximize({
    observations: rows.customers,
    starts: near === undefined ? mathematics.starts : [near, ...mathematics.starts],
    at: (theta, gradient) => mathematics.logLikelihood(theta, rows, gradient),
  });
  const natural = estimate.theta.map((value, i) => {
    if (mathematics.timeParameters[i] === true) return value * timeScale;
    return mathematics.rateParameters?.[i] === true ? value / timeScale : value;
  });
  const logLikelihood = estimate.logLikelihood - totalPurchases(rows) * Math.log(timeScale);
  const scaled = { ...estimate, theta: natural, logLikelihood };
  const model: PurchaseModel = {
    kind: mathematics.kind,
    timeUnit,
    ...estimatedParameters(scaled, mathematics.parameterNames, rows.customers),
  };
  const dropoutProbability = mathematics.dropoutProbability(estimate.theta);
  return { model, estimate, limit, dropoutProbability };
}

function scaledRows(rows: GroupedRows, timeScale: number): GroupedRows {
  const scaled = (times: Float64Array): Float64Array => times.map((time) => time / timeScale);
  return { ...rows, recency: scaled(rows.recency), age: scaled(rows.age) };
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += (values[i] ?? 0) * (weights[i] ?? 0);
    total += weights[i] ?? 0;
  }
  return sum / total;
}
