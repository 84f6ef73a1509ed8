import { logHyp2f1 } from '../numerics/hypergeometric.js';
import { betaExpectation } from '../numerics/logit-quadrature.js';

// Bound once: a look-up of a global per call is what these loops would mostly do under a test runner.
const { abs, exp, expm1, log1p, max, min } = Math;

const MAX_TERMS = 200_000;
/** Beyond this z a power series needs more than MAX_TERMS terms. */
const SLOW = 0.9998;

/** A living customer's posterior: purchase rate gamma(shape, rate), dropout probability beta(a, b + 1). */
export interface Living {
  readonly shape: number;
  readonly rate: number;
  readonly a: number;
  readonly b: number;
}

/**
 * E[purchases in the next `t`] of a customer alive now, for the beta-geometric models: (a+b)/(a−1) · [1 −
 * (1−z)^shape · ₂F₁(shape, b+1; a+b; z)], z = t/(rate+t) (Fader, Hardie, Lee 2005, eq. 10, with P(alive)
 * taken out).
 *
 * Euler's transformation turns the bracket into 1 − (1−z)^ε · ₂F₁(a+b−shape, ε; a+b; z), ε = a − 1, where
 * large x cancels; dividing by ε term by term removes the poles at a = 1 and a + b = 0, so nothing overflows
 * or cancels there.
 */
export function purchasesIfAlive({ shape, rate, a, b }: Living, t: number): number {
  if (t <= 0) return 0;
  const z = t / (rate + t);
  const epsilon = a - 1;
  const logStay = log1p(-z);
  // The series alternates and cancels when shape is well above a + b, is endless as z nears 1, overflows where
  // (1−z)^−ε does and loses digits to large a: integrate over the dropout probability instead.
  if (shape > a + b + 2 || z > SLOW || epsilon * logStay < -300 || a > 1e4) {
    return betaExpectation(a, b + 1, (p) => -expm1(-shape * log1p((p * t) / rate)) / p);
  }
  const c = a + b;
  let term = (c - shape) * z;
  let sum = term;
  for (let k = 1; k < MAX_TERMS; k++) {
    term *= (((c - shape + k) * (epsilon + k)) / ((c + k) * (k + 1))) * z;
    sum += term;
    if (abs(term) <= 1e-17 * abs(sum)) break;
  }
  const grown = abs(epsilon) < 1e-300 ? -logStay : -expm1(epsilon * logStay) / epsilon;
  return max(0, c * grown - exp(epsilon * logStay) * sum);
}

/**
 * P(still alive after `t` | alive now): a rate λ and a dropout probability p thin the purchases to deaths at
 * rate λp, so it is E[(rate/(rate+pt))^shape] over p ~ beta(a, b+1) = (1−z)^shape · ₂F₁(shape, b+1; a+b+1; z)
 * (Euler's integral, DLMF 15.6.1, and Pfaff's transformation, 15.8.1); all terms are positive, so it is
 * summed in logs.
 */
export function survivalIfAlive({ shape, rate, a, b }: Living, t: number): number {
  if (t <= 0) return 1;
  const z = t / (rate + t);
  // Without Euler's transformation the terms grow until about k = shape/(1−z).
  const isLong = shape >= a + b + 1 && shape > 20_000 * (1 - z);
  if (z > SLOW || isLong) {
    const g = (p: number): number => exp(-shape * log1p((p * t) / rate));
    return min(1, betaExpectation(a, b + 1, g));
  }
  const logSurvival = shape * log1p(-z) + logHyp2f1(shape, b + 1, a + b + 1, z);
  return min(1, exp(logSurvival));
}

/** P(at least one purchase within `t` | alive now): nobody drops out before the first one. */
export function activeIfAlive({ shape, rate }: Living, t: number): number {
  return t <= 0 ? 0 : -expm1(-shape * log1p(t / rate));
}
