import { integrate } from './gauss-legendre.js';

const { abs, ceil, exp, expm1, log1p, max, min } = Math;

/** Beyond e^−NEGLIGIBLE of its start the integrand adds nothing. */
const NEGLIGIBLE = 45;

/**
 * e^z E_s(z) = ∫₀^∞ e^(−zv) (1+v)^−s dv for real s ≥ 0 and z > 0 (DLMF 8.19.2), a confluent hypergeometric
 * U(1, 2−s, z); with w = log(1+v) the integrand is exp(−z(e^w − 1) − (s−1)w), entire and soon negligible.
 */
export function scaledExponentialIntegral(s: number, z: number): number {
  const byTime = log1p(NEGLIGIBLE / z);
  const last = s > 1 ? min(byTime, NEGLIGIBLE / (s - 1)) : byTime;
  const steepest = max(abs(z + s - 1), abs(z * exp(last) + s - 1));
  const panels = max(2, ceil((last * steepest) / 5));
  return integrate((w) => exp(-z * expm1(w) - (s - 1) * w), 0, last, panels);
}
