import type { GroupedRows } from '../statistics.js';

/** The purchase models there are. */
export type PurchaseModelKind = 'bg_nbd' | 'mbg_nbd' | 'pareto_nbd' | 'ggompertz_nbd' | 'nbd';

/** What to fit: a kind, or `auto` for whichever of them fits best by Akaike's criterion. */
export type RequestedKind = PurchaseModelKind | 'auto';

/** What is known of a customer, in the model's time unit. */
export interface Observed {
  readonly frequency: number;
  readonly recency: number;
  readonly age: number;
}

/**
 * The mathematics of one purchase model. Parameters are positive numbers in the order of `parameterNames`;
 * fits run on their logarithms.
 */
export interface PurchaseKind {
  readonly kind: PurchaseModelKind;
  readonly parameterNames: readonly string[];
  /** Which parameters scale with time (a rate's denominator), by position. */
  readonly timeParameters: readonly boolean[];
  /** Which parameters are rates, per unit of time; none where absent. */
  readonly rateParameters?: readonly boolean[];
  /** What the kind becomes at a boundary, with one parameter fewer, and where near it a fit can start. */
  readonly limit?: {
    readonly kind: PurchaseModelKind;
    startFrom(theta: readonly number[]): readonly number[];
  };
  /** What is expected of the living is analytic in log(timeScale + age + horizon): it bends within no less time. */
  timeScale(theta: ArrayLike<number>): number;
  /** Points to start a fit from, for times divided by the mean age. */
  readonly starts: readonly (readonly number[])[];
  /** log-likelihood over grouped rows; writes its gradient by the natural parameters when asked. */
  logLikelihood(theta: ArrayLike<number>, rows: GroupedRows, gradient?: Float64Array): number;
  /** How likely a new customer leaves: at a chance to, or within one unit of time. 0 = no dropout at all. */
  dropoutProbability(theta: ArrayLike<number>): number;
  /** P(alive at T | x, t_x, T). */
  pAlive(theta: ArrayLike<number>, row: Observed): number;
  /** E[purchases in (T, T + horizon] | x, t_x, T, alive at T]. */
  purchasesIfAlive(theta: ArrayLike<number>, row: Observed, horizon: number): number;
  /** P(alive at T + horizon | x, t_x, T, alive at T). */
  survivalIfAlive(theta: ArrayLike<number>, row: Observed, horizon: number): number;
  /** P(at least one purchase in (T, T + horizon] | x, t_x, T, alive at T). */
  activeIfAlive(theta: ArrayLike<number>, row: Observed, horizon: number): number;
  /** E[∫₀^∞ e^(−delta·t) dN(t) | x, t_x, T, alive at T]: all purchases after T, discounted; delta > 0. */
  residualIfAlive(theta: ArrayLike<number>, row: Observed, delta: number): number;
  /** E[purchases in (0, t]] of a new customer. */
  expectedPurchases(theta: ArrayLike<number>, t: number): number;
  /** P(X(t) = n) of a new customer. */
  pmf(theta: ArrayLike<number>, n: number, t: number): number;
}
