/** What a group did over what was expected of it. */
export interface Ratio {
  readonly ratio: number;
  /** Variance of `ratio` around the group's true one. */
  readonly variance: number;
}

const STEPS = 200;

/**
 * Variance of true ratios around 1 by the method of moments (Paule, Mandel 1982, J. Res. NBS 87:5, with a known mean):
 * Σ (R − 1)²/(τ² + V) = number of ratios; 0 where they vary no more than chance makes them.
 */
export function betweenVariance(ratios: readonly Ratio[]): number {
  const excess = (tau2: number): number =>
    ratios.reduce((sum, { ratio, variance }) => sum + (ratio - 1) ** 2 / (tau2 + variance), 0) -
    ratios.length;
  if (ratios.length === 0 || !(excess(0) > 0)) return 0;
  let [low, high] = [0, Math.max(...ratios.map(({ ratio }) => (ratio - 1) ** 2))];
  for (let step = 0; step < STEPS && low < high; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The ratio that is believed: 1 + Z(R − 1) with Z = τ²/(τ² + V), the posterior mean of gamma-Poisson credibility
 * (Bühlmann, Straub 1970) where each purchase counts as much of a fact as the variance says.
 */
export function believed({ ratio, variance }: Ratio, tau2: number): number {
  return tau2 > 0 ? 1 + (tau2 / (tau2 + variance)) * (ratio - 1) : 1;
}
