import { logGamma } from '../numerics/gamma.js';
import { integrate } from '../numerics/gauss-legendre.js';

/** Quantile of Student's t, by bisection of the integral of its density from 0. */
export function studentQuantile(level: number, degreesOfFreedom: number): number {
  if (level === 0.5) return 0;
  if (level < 0.5) return -studentQuantile(1 - level, degreesOfFreedom);
  const n = degreesOfFreedom;
  const constant = Math.exp(logGamma((n + 1) / 2) - logGamma(n / 2)) / Math.sqrt(n * Math.PI);
  // The density narrows like 1/√n.
  const panels = 4 + Math.ceil(Math.sqrt(n));
  // t = √n·tan u turns the density into cosⁿ⁻¹ u.
  const below = (u: number): number =>
    0.5 + constant * Math.sqrt(n) * integrate((v) => Math.cos(v) ** (n - 1), 0, u, panels);
  let [low, high] = [0, Math.PI / 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(n) * Math.tan((low + high) / 2);
}
