/**
 * A function to minimise: returns f(x) and writes ∇f(x) into `gradient`; may return Infinity outside its
 * domain.
 */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** Where a minimisation ended. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly evaluations: number;
  /** True when the gradient, not the number of steps, ended it. */
  readonly hasConverged: boolean;
}

/** When to stop. */
export interface BfgsOptions {
  /** Largest absolute gradient component that counts as zero. @default 1e-8 */
  readonly gradientTolerance?: number;
  /** @default 200 */
  readonly maxIterations?: number;
}

/** BFGS with the inverse Hessian kept dense (a handful of parameters) and a weak Wolfe bisection line search. */
export function minimize(
  objective: Objective,
  start: ArrayLike<number>,
  options: BfgsOptions = {},
): Minimum {
  const { gradientTolerance = 1e-8, maxIterations = 200 } = options;
  const n = start.length;
  let point = evaluate(objective, Float64Array.from(start));
  let evaluations = 1;
  let inverse = identity(n);
  let stalls = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (maxAbs(point.gradient) <= gradientTolerance || stalls >= 3) break;
    let direction = times(inverse, point.gradient, -1);
    let slope = dot(direction, point.gradient);
    if (!(slope < 0)) {
      inverse = identity(n);
      direction = point.gradient.map((g) => -g);
      slope = dot(direction, point.gradient);
    }
    const firstStep = iteration === 0 ? Math.min(1, 0.5 / maxAbs(direction)) : 1;
    const found = lineSearch(objective, point, direction, slope, firstStep);
    evaluations += found.evaluations;
    if (found.next === undefined) {
      if (stalls >= 2) break;
      stalls += 1;
      inverse = identity(n);
      continue;
    }
    const gain = point.value - found.next.value;
    stalls = gain <= 1e-14 * (1 + Math.abs(point.value)) ? stalls + 1 : 0;
    update(inverse, point, found.next, iteration === 0);
    point = found.next;
  }
  const hasConverged = maxAbs(point.gradient) <= Math.max(gradientTolerance * 100, 1e-6);
  return { ...point, evaluations, hasConverged };
}

interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

function evaluate(objective: Objective, x: Float64Array): Point {
  const gradient = new Float64Array(x.length);
  const value = objective(x, gradient);
  return { x, value: Number.isNaN(value) ? Infinity : value, gradient };
}

function lineSearch(
  objective: Objective,
  from: Point,
  direction: Float64Array,
  slope: number,
  firstStep: number,
): { readonly next: Point | undefined; readonly evaluations: number } {
  let [low, high, step] = [0, Infinity, firstStep];
  let best: Point | undefined;
  for (let evaluations = 1; evaluations <= 40; evaluations++) {
    const next = evaluate(
      objective,
      from.x.map((value, i) => value + step * (direction[i] ?? 0)),
    );
    const nextSlope = dot(next.gradient, direction);
    if (!isLower(from, next, { step, slope, nextSlope })) high = step;
    else {
      best = next;
      if (nextSlope >= 0.9 * slope) return { next, evaluations };
      low = step;
    }
    if (evaluations > 12 && best !== undefined) return { next: best, evaluations };
    step = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return { next: best, evaluations: 40 };
}

/**
 * Sufficient decrease; where the values' last bits no longer tell, by the slope (the approximate Wolfe condition of
 * Hager, Zhang 2005, SIAM Journal on Optimization 16:1).
 */
function isLower(
  from: Point,
  next: Point,
  { step, slope, nextSlope }: Readonly<Record<'step' | 'slope' | 'nextSlope', number>>,
): boolean {
  if (next.value <= from.value + 1e-4 * step * slope) return true;
  const lastBits = 1e-15 * (1 + Math.abs(from.value));
  return next.value <= from.value + lastBits && nextSlope <= -0.9998 * slope;
}

function update(inverse: Float64Array[], from: Point, to: Point, isFirst: boolean): void {
  const n = inverse.length;
  const s = to.x.map((value, i) => value - (from.x[i] ?? 0));
  const y = to.gradient.map((value, i) => value - (from.gradient[i] ?? 0));
  const sy = dot(s, y);
  if (!(sy > 1e-14 * Math.sqrt(dot(s, s) * dot(y, y)))) return;
  if (isFirst) {
    const scale = sy / dot(y, y);
    for (let i = 0; i < n; i++) inverse[i]?.fill(0).fill(scale, i, i + 1);
  }
  const hy = times(inverse, y, 1);
  const factor = (1 + dot(y, hy) / sy) / sy;
  for (let i = 0; i < n; i++) {
    const row = inverse[i];
    for (let j = 0; row !== undefined && j < n; j++) {
      const [si, sj, hi, hj] = [s[i] ?? 0, s[j] ?? 0, hy[i] ?? 0, hy[j] ?? 0];
      row[j] = (row[j] ?? 0) + factor * si * sj - (hi * sj + si * hj) / sy;
    }
  }
}

function identity(n: number): Float64Array[] {
  return Array.from({ length: n }, (_, i) => new Float64Array(n).fill(1, i, i + 1));
}

function times(matrix: readonly Float64Array[], vector: Float64Array, sign: 1 | -1): Float64Array {
  return Float64Array.from(matrix, (row) => sign * dot(row, vector));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function maxAbs(vector: Float64Array): number {
  let max = 0;
  for (const value of vector) max = Math.max(max, Math.abs(value));
  return max;
}
