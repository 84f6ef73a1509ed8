import { softplus } from './gamma.js';

// Bound once: a look-up of a global per call is what these loops would mostly do under a test runner.
const { abs, exp, expm1, log, max, min, sqrt } = Math;

const MAX_POINTS = 50_000;
/** From here a beta distribution is so narrow that three points match it to a relative error of about 1/a². */
const NARROW = 1e6;
/** Beyond these logits p is 1, or so near 0 that no g of use tells it from 0. */
const LAST = 40;
const FIRST = -80;

/**
 * E[g(p)] for p ~ beta(a, b) and g continuous on [0, 1], by the trapezoidal rule in logit(p): the integrand is
 * analytic in a strip and decays on both sides, so the rule converges geometrically. The tails, endless where a or b
 * is tiny, are geometric series. Slow (tens of microseconds); used where power series would cancel.
 */
export function betaExpectation(a: number, b: number, g: (p: number) => number): number {
  if (min(a, b) > NARROW) return narrowExpectation(a, b, g);
  const step = min(0.25, 0.3 * sqrt(1 / a + 1 / b));
  const centre = min(LAST - 1, max(FIRST + 1, log(a / b)));
  const logWeight = (s: number): number => -a * softplus(-s) - b * softplus(s);
  const peak = logWeight(centre);
  let total = 1;
  let sum = g(exp(-softplus(-centre)));
  for (const [direction, decay] of [
    [-step, a],
    [step, b],
  ] as const) {
    for (let k = 1; k < MAX_POINTS; k++) {
      const s = centre + k * direction;
      const isTail = s > LAST || s < FIRST;
      // In a tail each point is the one before times e^(−decay·step).
      const points = isTail ? 1 / -expm1(-decay * step) : 1;
      const weight = exp(logWeight(s) - peak) * points;
      const value = weight * g(exp(-softplus(-s)));
      total += weight;
      sum += value;
      if (isTail || (weight < 1e-17 * total && abs(value) < 1e-17 * abs(sum))) break;
    }
  }
  // Divided by the same rule for g = 1, so that no beta function has to be known to all digits.
  return sum / total;
}

/** Gauss-Hermite's three points at the mean and √3 standard deviations beside it. */
function narrowExpectation(a: number, b: number, g: (p: number) => number): number {
  const mean = a / (a + b);
  const reach = sqrt((3 * mean * (b / (a + b))) / (a + b + 1));
  return (g(mean - reach) + 4 * g(mean) + g(mean + reach)) / 6;
}
