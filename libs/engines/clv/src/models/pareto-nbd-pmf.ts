import { integrate } from '../numerics/gauss-legendre.js';
import { logNbdPmf } from './nbd.js';
import { four } from './theta.js';

const { ceil, exp, log, log1p, max } = Math;

/** Beyond e^−NEGLIGIBLE of its peak an integrand adds nothing. */
const NEGLIGIBLE = 40;

/**
 * P(X(t) = n) of a new Pareto/NBD customer: P(N = n in t, still there) + ∫₀ᵗ P(N = n in τ) · P(leaves at τ) dτ, N
 * negative binomial (Fader and Hardie 2006, brucehardie.com note 012). In u = log τ the integrand is log-concave: it
 * is integrated between the points where it has become negligible.
 */
export function paretoNbdPmf(theta: ArrayLike<number>, n: number, t: number): number {
  const [r, alpha, s, beta] = four(theta);
  if (t <= 0) return n === 0 ? 1 : 0;
  const staying = exp(logNbdPmf(r, alpha, n, t) - s * log1p(t / beta));
  const logLeaving = (u: number): number => {
    const tau = exp(u);
    return logNbdPmf(r, alpha, n, tau) - (s + 1) * log1p(tau / beta) + u + log(s / beta);
  };
  const slope = (u: number): number => {
    const tau = exp(u);
    return n + 1 - ((r + n) * tau) / (alpha + tau) - ((s + 1) * tau) / (beta + tau);
  };
  const last = log(t);
  const first = last - 1000;
  const peak = slope(last) >= 0 ? last : root(slope, first, last);
  const floor = logLeaving(peak) - NEGLIGIBLE;
  const above = (u: number): number => logLeaving(u) - floor;
  const from = root((u) => -above(u), first, peak);
  const to = above(last) >= 0 ? last : root(above, peak, last);
  const panels = max(16, ceil((to - from) / 1.5));
  return Math.min(1, staying + integrate((u) => exp(logLeaving(u)), from, to, panels));
}

/** Where a falling function crosses zero between low and high, by bisection. */
function root(f: (u: number) => number, low: number, high: number): number {
  let [below, above] = [low, high];
  for (let step = 0; step < 60; step++) {
    const middle = (below + above) / 2;
    if (f(middle) > 0) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}
