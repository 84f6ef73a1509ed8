import { maximize, type Estimate } from '../maximum-likelihood.js';
import { purchaseKind } from '../models/index.js';
import { totalPurchases } from '../models/nbd.js';
import type { PurchaseKind } from '../models/purchase-kind.js';
import type { PurchaseModel } from '../purchase-fit.js';
import type { TimeUnit } from '../time-unit.js';
import type { GroupedCustomers } from './covariate-groups.js';
import {
  covariateLikelihood,
  SCALED_PARAMETERS,
  type CovariateKind,
} from './covariate-likelihood.js';
import type { CovariateEffect, CovariateModel } from './covariate-model.js';

/** What to fit. */
export interface CovariateProblem {
  readonly customers: GroupedCustomers;
  readonly names: readonly string[];
  readonly timeUnit: TimeUnit;
}

/** A model and how it was found. */
export interface FittedWithCovariates {
  readonly model: CovariateModel;
  readonly estimate: Estimate;
}

/** The likeliest model of one kind, back in the units of the data. */
export function fitKind(name: CovariateKind, problem: CovariateProblem): FittedWithCovariates {
  const { customers, names } = problem;
  const kind = purchaseKind(name);
  const scaled = SCALED_PARAMETERS[name];
  const without = new Array<number>(scaled.length * names.length).fill(1);
  const estimate = maximize({
    observations: customers.customers,
    starts: kind.starts.map((start) => [...start, ...without]),
    at: covariateLikelihood(kind, scaled, customers.groups),
  });
  const map = toNatural(kind.parameterNames.length, scaled, customers);
  const natural: NaturalLogs = {
    logs: map.map((row) => dot(row, estimate.theta.map(Math.log))),
    covariance: estimate.logCovariance && sandwich(map, estimate.logCovariance),
  };
  const effects = (block: number): CovariateEffect[] =>
    names.map((covariate, k) => {
      const at = kind.parameterNames.length + block * names.length + k;
      const variance = natural.covariance?.[at]?.[at];
      return {
        name: covariate,
        coefficient: natural.logs[at] ?? NaN,
        standardError: variance === undefined ? null : Math.sqrt(variance),
      };
    });
  const model = {
    base: baseOf(kind, problem, { natural, estimate }),
    purchaseEffects: effects(0),
    dropoutEffects: scaled.length > 1 ? effects(1) : [],
  };
  return { model, estimate };
}

/** Logs of parameters and coefficients in the units of the covariates, times still scaled. */
interface NaturalLogs {
  readonly logs: readonly number[];
  readonly covariance: readonly (readonly number[])[] | undefined;
}

function baseOf(
  kind: PurchaseKind,
  { customers, timeUnit }: CovariateProblem,
  { natural, estimate }: { readonly natural: NaturalLogs; readonly estimate: Estimate },
): PurchaseModel {
  const { timeScale } = customers;
  const values = kind.parameterNames.map((_, i) => {
    return Math.exp(natural.logs[i] ?? NaN) * (kind.timeParameters[i] === true ? timeScale : 1);
  });
  const covariance =
    natural.covariance &&
    values.map((a, i) => values.map((b, j) => a * b * (natural.covariance?.[i]?.[j] ?? NaN)));
  const purchases = customers.groups.reduce((sum, { rows }) => sum + totalPurchases(rows), 0);
  const named = (numbers: readonly number[]): Record<string, number> =>
    Object.fromEntries(kind.parameterNames.map((name, i) => [name, numbers[i] ?? NaN]));
  return {
    kind: kind.kind,
    timeUnit,
    parameters: named(values),
    parameterNames: kind.parameterNames,
    logLikelihood: estimate.logLikelihood - purchases * Math.log(timeScale),
    standardErrors: covariance ? named(covariance.map((row, i) => Math.sqrt(row[i] ?? NaN))) : null,
    covariance: covariance ?? null,
    customers: customers.customers,
    evaluations: estimate.evaluations,
    hasConverged: estimate.hasConverged,
  };
}

/**
 * From the logs of the fit to those of the answer, linear: γ per unit is γ/deviation, and log α at z = 0 is log α at
 * the mean plus γ'mean.
 */
function toNatural(
  count: number,
  scaled: readonly number[],
  { means, deviations }: GroupedCustomers,
): number[][] {
  const size = count + scaled.length * means.length;
  const map = Array.from({ length: size }, (_, i) =>
    new Array<number>(size).fill(0).fill(1, i, i + 1),
  );
  scaled.forEach((position, block) => {
    means.forEach((mean, k) => {
      const at = count + block * means.length + k;
      const perUnit = 1 / (deviations[k] ?? 1);
      map[at]?.splice(at, 1, perUnit);
      map[position]?.splice(at, 1, mean * perUnit);
    });
  });
  return map;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** M C Mᵀ. */
function sandwich(map: readonly number[][], covariance: readonly (readonly number[])[]) {
  const half = map.map((row) => covariance.map((column) => dot(row, column)));
  return half.map((row) => map.map((other) => dot(row, other)));
}
