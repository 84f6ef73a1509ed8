import { errors } from './errors.js';
import { maximize, type Estimate } from './maximum-likelihood.js';
import { purchaseKind } from './models/index.js';
import { totalPurchases } from './models/nbd.js';
import type { PurchaseKind, PurchaseModelKind } from './models/purchase-kind.js';
import { groupRows, type CustomerTable, type GroupedRows } from './statistics.js';
import type { TimeUnit } from './time-unit.js';
import type { FitWarning } from './warning.js';

/** A fitted purchase model: plain data, structured-cloneable, JSON of about one kilobyte. */
export interface PurchaseModel {
  readonly kind: PurchaseModelKind;
  readonly timeUnit: TimeUnit;
  /** By name, in the order of {@link parameterNames}; times in `timeUnit`. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly parameterNames: readonly string[];
  /** In the natural units of `timeUnit`. */
  readonly logLikelihood: number;
  /** Standard errors by name; null where the data do not determine them. */
  readonly standardErrors: Readonly<Record<string, number>> | null;
  /** Covariance of the parameters in the order of `parameterNames`; null as above. */
  readonly covariance: readonly (readonly number[])[] | null;
  readonly customers: number;
  readonly evaluations: number;
  readonly hasConverged: boolean;
}

/** A fit: the model to use, and what happened to the one that was asked for. */
export interface PurchaseFit {
  /** The requested model, or NBD where the data show no dropout. */
  readonly model: PurchaseModel;
  readonly requestedKind: PurchaseModelKind;
  /** False when the requested model's dropout cannot be told from none; then `model` is NBD. */
  readonly dropoutIdentified: boolean;
  /** The requested model as fitted, also when it is not used. */
  readonly requested: PurchaseModel;
  /** NBD on the same data: the yardstick. */
  readonly nbd: PurchaseModel;
  /** What ran to a boundary, what has no standard error. */
  readonly warnings: readonly FitWarning[];
}

/** AIC: two more parameters must gain more than two units of log-likelihood. */
const DROPOUT_GAIN = 2;

/**
 * Fits by maximum likelihood: identical rows grouped, time divided by its mean, log-parameters, BFGS from
 * several starts.
 * @throws clv_not_enough_data
 */
export function fitPurchases(
  table: CustomerTable,
  kind: PurchaseModelKind = 'bg_nbd',
): PurchaseFit {
  const customers = table.customerIds.length;
  const unscaled = groupRows(table);
  // From the sorted rows, so that the order of the customers changes no bit of the fit.
  const meanAge = weightedMean(unscaled.age, unscaled.weight);
  const repeaters = table.frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0);
  if (customers < 10 || repeaters < 3 || !(meanAge > 0)) {
    throw errors.clv_not_enough_data(
      `${customers} customers, ${repeaters} with a repeat purchase; at least 10 and 3 are needed.`,
    );
  }
  const rows = scaledRows(unscaled, meanAge);
  const fit = (mathematics: PurchaseKind): Fitted =>
    fitKind(mathematics, rows, meanAge, table.timeUnit);
  const nbd = fit(purchaseKind('nbd'));
  if (kind === 'nbd') return fitOf(nbd, nbd, false);
  const requested = fit(purchaseKind(kind));
  return fitOf(requested, nbd, isDropoutIdentified(requested, nbd));
}

interface Fitted {
  readonly model: PurchaseModel;
  readonly estimate: Estimate;
}

function fitOf(requested: Fitted, nbd: Fitted, dropoutIdentified: boolean): PurchaseFit {
  return {
    model: dropoutIdentified ? requested.model : nbd.model,
    requestedKind: requested.model.kind,
    dropoutIdentified,
    requested: requested.model,
    nbd: nbd.model,
    warnings: warningsOf(requested, dropoutIdentified),
  };
}

function isDropoutIdentified(requested: Fitted, nbd: Fitted): boolean {
  return requested.model.logLikelihood - nbd.model.logLikelihood > DROPOUT_GAIN;
}

function warningsOf({ model, estimate }: Fitted, dropoutIdentified: boolean): FitWarning[] {
  const warnings: FitWarning[] = [];
  const warn = (code: FitWarning['code'], message: string): void => {
    warnings.push({ code, message });
  };
  if (!dropoutIdentified && model.kind !== 'nbd') {
    const message = `The data show no dropout: ${model.kind} is no better than NBD, which is used instead.`;
    warn('dropout_not_identified', message);
  }
  for (const i of estimate.atBoundary) {
    const message = `Parameter ${model.parameterNames[i]} of ${model.kind} ran off to a boundary.`;
    warn('parameter_at_boundary', message);
  }
  if (model.covariance === null) {
    warn('standard_errors_missing', `${model.kind} has no standard errors: a flat likelihood.`);
  }
  if (!model.hasConverged) {
    warn('not_converged', `The fit of ${model.kind} stopped before its gradient was zero.`);
  }
  return warnings;
}

function fitKind(
  mathematics: PurchaseKind,
  rows: GroupedRows,
  timeScale: number,
  timeUnit: TimeUnit,
): Fitted {
  const estimate = maximize({
    observations: rows.customers,
    starts: mathematics.starts,
    at: (theta, gradient) => mathematics.logLikelihood(theta, rows, gradient),
  });
  const natural = estimate.theta.map((value, i) =>
    mathematics.timeParameters[i] === true ? value * timeScale : value,
  );
  const { logCovariance } = estimate;
  const covariance =
    logCovariance?.map((row, i) =>
      row.map((value, j) => value * (natural[i] ?? 0) * (natural[j] ?? 0)),
    ) ?? null;
  const names = mathematics.parameterNames;
  const model: PurchaseModel = {
    kind: mathematics.kind,
    timeUnit,
    parameters: named(names, natural),
    parameterNames: names,
    logLikelihood: estimate.logLikelihood - totalPurchases(rows) * Math.log(timeScale),
    standardErrors:
      covariance &&
      named(
        names,
        covariance.map((row, i) => Math.sqrt(row[i] ?? 0)),
      ),
    covariance,
    customers: rows.customers,
    evaluations: estimate.evaluations,
    hasConverged: estimate.hasConverged,
  };
  return { model, estimate };
}

function named(names: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? NaN]));
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
