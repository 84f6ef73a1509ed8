import { logBeta } from './gamma.js';

const MAX_TERMS = 10_000;
const TINY = 1e-300;

/**
 * The regularised incomplete beta function I_x(a, b), a, b > 0: the continued fraction of DLMF 8.17.22 by the modified
 * Lentz method, mirrored where it would converge slowly. `logNorm` is log B(a, b), for who asks often.
 */
export function incompleteBeta(a: number, b: number, x: number, logNorm = logBeta(a, b)): number {
  if (!(x > 0)) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x, logNorm);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logNorm) / a;
  return front === 0 ? 0 : front / continuedFraction(a, b, x);
}

/** 1 + d₁/(1 + d₂/(1 + …)). */
function continuedFraction(a: number, b: number, x: number): number {
  let [value, above, below] = [1, 1, 0];
  for (let k = 1; k < MAX_TERMS; k++) {
    const d = coefficient(a, b, x, k);
    below = 1 / notZero(1 + d * below);
    above = notZero(1 + d / above);
    value *= above * below;
    if (Math.abs(above * below - 1) < 1e-15) break;
  }
  return value;
}

/** Of the k-th partial numerator, k = 1, 2, … */
function coefficient(a: number, b: number, x: number, k: number): number {
  const m = Math.floor(k / 2);
  if (k % 2 === 0) return (m * (b - m) * x) / ((a + k - 1) * (a + k));
  return (-(a + m) * (a + b + m) * x) / ((a + k - 1) * (a + k));
}

function notZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
