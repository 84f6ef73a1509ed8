const POINTS = 8;
const RULE = legendreRule(POINTS);

/** A rule on [−1, 1]. */
export interface QuadratureRule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** ∫ f over [from, to] by `panels` Gauss-Legendre rules of 8 points each, summed in a fixed order. */
export function integrate(
  f: (x: number) => number,
  from: number,
  to: number,
  panels: number,
): number {
  const half = (to - from) / panels / 2;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    const centre = from + (2 * panel + 1) * half;
    for (let i = 0; i < POINTS; i++) {
      sum += (RULE.weights[i] ?? 0) * f(centre + half * (RULE.nodes[i] ?? 0));
    }
  }
  return sum * half;
}

/** Nodes and weights on [−1, 1]: Newton's method on the Legendre polynomial. */
export function legendreRule(n: number): QuadratureRule {
  const [nodes, weights] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 20; step++) {
      let [previous, value] = [1, x];
      for (let k = 2; k <= n; k++) {
        [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
      }
      slope = (n * (x * value - previous)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
