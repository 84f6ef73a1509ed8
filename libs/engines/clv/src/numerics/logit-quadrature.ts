import { logBeta, softplus } from './gamma.js';

const MAX_POINTS = 50_000;
/** From here a beta distribution is so narrow that three points match it to a relative error of about 1/a². */
const NARROW = 1e6;

/**
 * E[g(p)] for p ~ beta(a, b), by the trapezoidal rule in logit(p): the integrand is analytic in a strip and decays on both
 * sides, so the rule converges geometrically. Slow (tens of microseconds); used where series would cancel.
 */
export function betaExpectation(a: number, b: number, g: (p: number) => number): number {
  if (Math.min(a, b) > NARROW) return narrowExpectation(a, b, g);
  const step = Math.min(0.25, 0.3 * Math.sqrt(1 / a + 1 / b));
  const centre = Math.log(a / b);
  const logScale = -logBeta(a, b);
  const at = (s: number): number => {
    const logP = -softplus(-s);
    const logQ = -softplus(s);
    return Math.exp(a * logP + b * logQ + logScale) * g(Math.exp(logP));
  };
  let sum = at(centre);
  for (const direction of [-step, step]) {
    for (let k = 1; k < MAX_POINTS; k++) {
      const value = at(centre + k * direction);
      sum += value;
      if (Math.abs(value) < 1e-17 * Math.abs(sum)) break;
    }
  }
  return sum * step;
}

/** Gauss-Hermite's three points at the mean and √3 standard deviations beside it. */
function narrowExpectation(a: number, b: number, g: (p: number) => number): number {
  const mean = a / (a + b);
  const reach = Math.sqrt((3 * mean * (b / (a + b))) / (a + b + 1));
  return (g(mean - reach) + 4 * g(mean) + g(mean + reach)) / 6;
}
