/** Of log-parameters, for central differences. */
const STEP = 1e-3;

/** A vector whose entry `index` is a step of its logarithm up (1) or down (−1). */
export function movedBy(theta: readonly number[], index: number, direction: 1 | -1): number[] {
  return theta.map((value, i) => (i === index ? value * Math.exp(direction * STEP) : value));
}

/** d log f / d log θ from f a step up and a step down; 0 where f is. */
export function logSlope(up: number, down: number): number {
  return up > 0 && down > 0 ? Math.log(up / down) / (2 * STEP) : 0;
}

/** √(gᵀCg), C a lower triangle row by row; 0 of none. */
export function deviationOf(triangle: readonly number[], g: readonly number[]): number {
  let [sum, at] = [0, 0];
  for (let i = 0; at < triangle.length; i++) {
    for (let j = 0; j <= i; j++) {
      sum += (i === j ? 1 : 2) * (triangle[at++] ?? 0) * (g[i] ?? 0) * (g[j] ?? 0);
    }
  }
  return Math.sqrt(Math.max(0, sum));
}
