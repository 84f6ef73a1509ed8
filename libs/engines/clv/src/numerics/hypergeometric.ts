const MAX_TERMS = 200_000;
const RESCALE = 1e250;

/** log Σ (a)_k (b)_k / ((c)_k k!) z^k for terms that are all ≥ 0, rescaled so that it cannot overflow. */
function logSeries(a: number, b: number, c: number, z: number): number {
  let term = 1;
  let sum = 1;
  let logScale = 0;
  for (let k = 0; k < MAX_TERMS; k++) {
    term *= (((a + k) * (b + k)) / ((c + k) * (k + 1))) * z;
    sum += term;
    if (Math.abs(term) < 1e-17 * sum) break;
    if (sum > RESCALE) {
      sum /= RESCALE;
      term /= RESCALE;
      logScale += Math.log(RESCALE);
    }
  }
  return Math.log(sum) + logScale;
}

/**
 * log ₂F₁(a, b; c; z) for a, b, c > 0 and 0 ≤ z < 1. Where both c − a and c − b are positive and smaller than a and b
 * it uses Euler's form in logs, log F(a,b;c;z) = log F(c−a,c−b;c;z) + (c−a−b)·log(1−z) (DLMF 15.8.1).
 */
export function logHyp2f1(a: number, b: number, c: number, z: number): number {
  if (z === 0) return 0;
  if (c - a > 0 && c - b > 0 && c < a + b) {
    return logSeries(c - a, c - b, c, z) + (c - a - b) * Math.log1p(-z);
  }
  return logSeries(a, b, c, z);
}
