import { integrate } from '../numerics/gauss-legendre.js';

const { ceil, exp, expm1, log1p, min } = Math;

/** Discount weights below e^−45 add nothing to a double. */
const NEGLIGIBLE = 45;

/** Purchases to discount: M(s) are expected within s. */
export interface ExpectedPath {
  readonly within: (s: number) => number;
  /** M flattens like a power of its distance from a pole at −scale. */
  readonly scale: number;
}

/**
 * δ ∫₀ᴴ e^(−δs) M(s) ds, H may be Infinity: with e^(−δH) M(H) it is ∫₀ᴴ e^(−δs) dM(s) by parts, what the purchases
 * within H are worth today. M is smooth in log(1 + s/scale).
 */
export function discountedPath({ within, scale }: ExpectedPath, delta: number, horizon: number) {
  const until = min(horizon, NEGLIGIBLE / delta);
  const integrand = (u: number): number => {
    const s = scale * expm1(u);
    return within(s) * exp(-delta * s) * (scale + s);
  };
  const panels = 1 + ceil((delta * until) / 3);
  return delta * integrate(integrand, 0, log1p(until / scale), panels);
}
