import type { Objective } from './bfgs.js';

/** The Hessian at x by central differences of the analytic gradient, symmetrised. */
export function hessian(objective: Objective, x: Float64Array, step = 1e-4): number[][] {
  const n = x.length;
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    const [up, down] = [Float64Array.from(x), Float64Array.from(x)];
    up[i] = (x[i] ?? 0) + step;
    down[i] = (x[i] ?? 0) - step;
    const [high, low] = [new Float64Array(n), new Float64Array(n)];
    objective(up, high);
    objective(down, low);
    rows.push(Array.from(high, (value, j) => (value - (low[j] ?? 0)) / (2 * step)));
  }
  return rows.map((row, i) => row.map((value, j) => (value + (rows[j]?.[i] ?? 0)) / 2));
}

/**
 * The inverse of a symmetric positive definite matrix by Cholesky; undefined when it is not one (to working
 * precision).
 */
export function inverseOfPositive(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const n = matrix.length;
  const lower = cholesky(matrix);
  if (lower === undefined) return undefined;
  const at = (i: number, j: number): number => lower[i]?.[j] ?? 0;
  const columns = Array.from({ length: n }, (_, column) => {
    const y = new Array<number>(n).fill(0);
    for (let i = 0; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= at(i, k) * (y[k] ?? 0);
      y[i] = sum / at(i, i);
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = y[i] ?? 0;
      for (let k = i + 1; k < n; k++) sum -= at(k, i) * (y[k] ?? 0);
      y[i] = sum / at(i, i);
    }
    return y;
  });
  return columns;
}

/** L with L·Lᵀ = matrix; undefined when a pivot is not clearly positive. */
export function cholesky(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const n = matrix.length;
  const lower = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    const row = lower[i] ?? [];
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]?.[j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (row[k] ?? 0) * (lower[j]?.[k] ?? 0);
      if (i !== j) row[j] = sum / (lower[j]?.[j] ?? 1);
      else if (sum > 1e-10 * Math.abs(matrix[i]?.[i] ?? 0)) row[j] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}
