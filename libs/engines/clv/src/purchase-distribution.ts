import { dressed } from './ensemble/dressed-model.js';
import { Ensemble } from './ensemble/ensemble.js';
import { ParameterSensitivity } from './ensemble/parameter-sensitivity.js';
import { countsOverLives, livesWithin, mixed } from './lifetimes.js';
import { purchaseKind } from './models/index.js';
import type { Observed, PurchaseKind, PurchaseModelKind } from './models/purchase-kind.js';
import { NORMAL_NODES } from './numerics/hermite.js';
import { NegativeBinomialWalk } from './numerics/negative-binomial.js';
import type { PurchaseModel } from './purchase-fit.js';
import { DAYS_PER_UNIT } from './time-unit.js';

/** Kinds whose customers leave after a purchase, and after how many before the first repeat one they may. */
const LEAVES_AFTER_PURCHASES: Readonly<Partial<Record<PurchaseModelKind, number>>> = {
  bg_nbd: 0,
  mbg_nbd: 1,
};
/** Counts beyond this share of the probability are left to the last one. */
const NEGLIGIBLE = 1e-9;
const MAX_COUNT = 1_000_000;

/**
 * How one customer's purchases within a horizon are distributed by a fitted model: the process and the uncertainty of
 * its parameters, a log-normal factor on the rate with the deviation that the customer's own expectation has by them.
 */
export class PurchaseDistribution {
  private readonly kind: PurchaseKind;
  private readonly theta: Float64Array;
  private readonly parameters: ParameterSensitivity;
  /** In units of the model. */
  private readonly horizon: number;

  constructor(model: PurchaseModel, horizonDays: number) {
    this.kind = purchaseKind(model.kind);
    this.theta = Float64Array.from(model.parameterNames, (name) => model.parameters[name] ?? NaN);
    // The day plays no part: a dressed model has neither tempo nor season.
    this.parameters = new ParameterSensitivity(new Ensemble(dressed(model, 0)), horizonDays);
    this.horizon = horizonDays / DAYS_PER_UNIT[model.timeUnit];
  }

  /** P(N ≤ n) for n = 0, 1, … until hardly anything is left; `row` is in the unit of the model. */
  below(row: Observed): number[] {
    const alive = this.kind.pAlive(this.theta, row);
    const deviation = this.parameters.deviation(this.parameters.of(row));
    const chances = LEAVES_AFTER_PURCHASES[this.kind.kind];
    const living =
      chances === undefined
        ? this.livingByTime(row, deviation)
        : this.livingByPurchases(row, deviation, chances);
    return living.map((value) => 1 - alive + alive * value);
  }

  /** Of customers who leave whenever they like. */
  private livingByTime(row: Observed, shockScale: number): number[] {
    const { kind, theta, horizon } = this;
    const shape = (theta[0] ?? NaN) + row.frequency;
    const meanIfAlive = kind.purchasesIfAlive(theta, row, horizon);
    const lives = livesWithin((share) => kind.survivalIfAlive(theta, row, share * horizon));
    return countsOverLives({ meanIfAlive, shape, shockScale }, lives);
  }

  /**
   * Of customers who leave after a purchase: given all that is known they are new ones of BG/NBD with r + x, α + T, a
   * and b + x, or b + x + 1 where they could have left after their first purchase too.
   */
  private livingByPurchases({ frequency, age }: Observed, scale: number, chances: number) {
    const [r = NaN, alpha = NaN, a = NaN, b = NaN] = this.theta;
    const customer = { shape: r + frequency, a, b: b + frequency + chances };
    const nodes = scale > 0 ? NORMAL_NODES : ([[0, 1]] as const);
    const parts = nodes.map(([node, weight]) => {
      const rate = Math.exp(node * scale - 0.5 * scale * scale) / (alpha + age);
      return { weight, values: betaGeometricCounts(customer, rate * this.horizon) };
    });
    return mixed(parts);
  }
}

/**
 * P(N ≤ n) of BG/NBD: n purchases and staying, B(a, b+n)/B(a, b) · NB(n), or leaving after the n-th,
 * B(a+1, b+n−1)/B(a, b) · P(NB ≥ n) (Fader, Hardie, Lee 2005, eq. 8), by recurrences.
 */
function betaGeometricCounts(
  { shape, a, b }: { readonly shape: number; readonly a: number; readonly b: number },
  timeByScale: number,
): number[] {
  const walk = new NegativeBinomialWalk(shape, shape * timeByScale);
  let [rest, stays, total] = [1, 1, 0];
  const values: number[] = [];
  for (let n = 0; n < MAX_COUNT && total < 1 - NEGLIGIBLE; n++) {
    if (n > 0) {
      const chance = a + b + n - 1;
      total += ((stays * a) / chance) * rest;
      stays *= (b + n - 1) / chance;
    }
    const term = walk.at(n);
    total += stays * term;
    rest = Math.max(0, rest - term);
    values.push(Math.min(1, total));
  }
  return values;
}
