import { logBeta } from '../numerics/gamma.js';
import { logNbdPmf } from './nbd.js';
import { four } from './theta.js';

const { exp, max } = Math;

const MAX_TERMS = 200_000;

/**
 * P(X(t) = n) of a new customer of BG/NBD (`dropsAtStart` 0; Fader, Hardie, Lee 2005, eq. 8) or MBG/NBD (1,
 * where a customer may also drop out at once; Batislam, Denizel, Filiztekin 2007).
 */
export function betaGeometricPmf(
  theta: ArrayLike<number>,
  n: number,
  t: number,
  dropsAtStart: 0 | 1,
): number {
  const [r, alpha, a, b] = four(theta);
  const chances = n + dropsAtStart;
  const base = logBeta(a, b);
  const staying = exp(logBeta(a, b + chances) - base + logNbdPmf(r, alpha, n, t));
  if (chances === 0) return staying;
  return staying + exp(logBeta(a + 1, b + chances - 1) - base) * nbdTail(r, alpha, n, t);
}

/** P(N ≥ n) of a negative binomial count over time t, summed from the side that keeps its digits. */
function nbdTail(r: number, alpha: number, n: number, t: number): number {
  if (n === 0) return 1;
  const z = t / (alpha + t);
  if (n <= (r * t) / alpha) {
    let below = 0;
    for (let j = 0; j < n; j++) below += exp(logNbdPmf(r, alpha, j, t));
    return max(0, 1 - below);
  }
  let term = exp(logNbdPmf(r, alpha, n, t));
  let sum = 0;
  for (let j = n; j < n + MAX_TERMS; j++) {
    sum += term;
    if (term <= 1e-17 * sum) break;
    term *= ((r + j) / (j + 1)) * z;
  }
  return sum;
}
