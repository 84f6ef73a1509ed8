import { logBeta, softplus } from './gamma.js';

const MAX_POINTS = 50_000;

/**
 * E[g(p)] for p ~ beta(a, b), by the trapezoidal rule in logit(p): the integrand is analytic in a strip and decays on both
 * sides, so the rule converges geometrically. Slow (tens of microseconds); used where series would cancel.
 */
export function betaExpectation(a: number, b: number, g: (p: number) => number): number {
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
