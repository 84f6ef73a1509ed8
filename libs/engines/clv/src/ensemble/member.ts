import { purchaseKind } from '../models/index.js';
import type { Observed, PurchaseKind, PurchaseModelKind } from '../models/purchase-kind.js';
import type { PurchaseModel } from '../purchase-fit.js';

/** A fitted model inside the ensemble, as short as can be: plain data. */
export interface MemberModel {
  readonly kind: PurchaseModelKind;
  /** In the order of the kind's `parameterNames`; times in the unit of the ensemble. */
  readonly theta: readonly number[];
  /** Lower triangle of the log-parameters' covariance, row by row; absent where unknown or not needed. */
  readonly logCovariance?: readonly number[];
}

/** The smallest expectation that is told from none: logarithms are taken. */
export const LEAST = 1e-12;

/** Far more digits than any standard error has, and half of the JSON. */
export function rounded(value: number, digits = 8): number {
  return Number(value.toPrecision(digits));
}

/** Shortens a fit. */
export function memberOf(model: PurchaseModel, keepsCovariance: boolean): MemberModel {
  const theta = model.parameterNames.map((name) => rounded(model.parameters[name] ?? NaN));
  const { kind, covariance } = model;
  if (covariance === null || !keepsCovariance) return { kind, theta };
  const logCovariance = covariance.flatMap((row, i) =>
    row.slice(0, i + 1).map((value, j) => rounded(value / ((theta[i] ?? 1) * (theta[j] ?? 1)), 4)),
  );
  return { kind, theta, logCovariance };
}

/** A member ready to be asked. */
export class Member {
  private readonly kind: PurchaseKind;

  constructor(readonly model: MemberModel) {
    this.kind = purchaseKind(model.kind);
  }

  aliveProbability(row: Observed): number {
    return this.kind.pAlive(this.model.theta, row);
  }

  /** What is expected bends within no less time, whatever the customer's age. */
  get timeScale(): number {
    return this.kind.timeScale(this.model.theta);
  }

  /** E[purchases in the next `horizon` units | alive]; recency has no part in it. */
  ifAlive(row: Observed, horizon: number): number {
    return this.kind.purchasesIfAlive(this.model.theta, row, horizon);
  }

  /** E[purchases in the next `horizon` units], above 0. */
  expected(row: Observed, horizon: number, theta: readonly number[] = this.model.theta): number {
    const alive = this.kind.pAlive(theta, row);
    return Math.max(LEAST, alive * this.kind.purchasesIfAlive(theta, row, horizon));
  }

  /** E[purchases within `t` units of the first one] of a new customer. */
  expectedNew(t: number): number {
    return t <= 0 ? 0 : this.kind.expectedPurchases(this.model.theta, t);
  }

  /** Shape of the gamma-distributed rate after x purchases: r + x, in every kind there is. */
  shape(frequency: number): number {
    return (this.model.theta[0] ?? 1) + frequency;
  }
}
