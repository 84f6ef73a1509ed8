import { studentQuantile } from './student-t.js';

const { PI, atan, cos, exp, expm1, floor, log1p, max, min, sqrt } = Math;

/** Intervals of the table of Student's t and steps of the law of the process. */
const CELLS = 8192;
const STEPS = 600;
/** Less than e^−NEGLIGIBLE of its peak adds nothing. */
const NEGLIGIBLE = 35;
const HALVINGS = 50;

/** How far a total may be from its expectation. */
export interface TotalSpread {
  /** Relative standard deviation of what customers do independently of each other. */
  readonly process: number;
  /** Scale, on the log, of what they share: parameters and the period's shock. */
  readonly shared: number;
  /** Of Student's t of the shared part. */
  readonly degreesOfFreedom: number;
}

/**
 * Quantiles of a total for each of `levels` in (0, 1): expected × G × exp(shared · t), G gamma with mean 1 and the
 * deviation of the process (a sum of non-negative chances: nearly normal for many customers, mostly nothing for few), t
 * Student. The density of log G is summed on a grid over the table of t.
 */
export function totalQuantiles(
  expected: number,
  spread: TotalSpread,
  levels: readonly number[],
): number[] {
  const { process, shared, degreesOfFreedom } = spread;
  if (!(expected > 0)) return levels.map(() => 0);
  if (!(process > 0)) {
    return levels.map((q) => expected * exp(shared * studentQuantile(q, degreesOfFreedom)));
  }
  const student = studentTable(degreesOfFreedom);
  const { at, mass } = logGammaGrid(process);
  const below = (log: number): number => {
    let sum = 0;
    for (let i = 0; i < STEPS; i++) {
      const gap = log - (at[i] ?? 0);
      if (shared > 0) sum += (mass[i] ?? 0) * student(gap / shared);
      else if (gap >= 0) sum += mass[i] ?? 0;
    }
    return sum;
  };
  return levels.map((level) => expected * exp(solve(below, level)));
}

/** log G, its density k(z − e^z) on a grid that is finest at the top, where what matters of few customers lies. */
function logGammaGrid(deviation: number): {
  readonly at: Float64Array;
  readonly mass: Float64Array;
} {
  const shape = deviation ** -2;
  const logDensity = (z: number): number => shape * (z - expm1(z));
  const edge = (sign: 1 | -1): number => {
    let [near, far]: [number, number] = [0, sign];
    while (logDensity(far) > -NEGLIGIBLE) far *= 2;
    for (let step = 0; step < HALVINGS; step++) {
      const middle = (near + far) / 2;
      if (logDensity(middle) > -NEGLIGIBLE) near = middle;
      else far = middle;
    }
    return far;
  };
  const [bottom, top] = [edge(-1), edge(1)];
  const growth = log1p(top - bottom);
  const [at, mass] = [new Float64Array(STEPS), new Float64Array(STEPS)];
  let total = 0;
  for (let i = 0; i < STEPS; i++) {
    const share = (i + 0.5) / STEPS;
    const z = top - ((top - bottom) * expm1(growth * share)) / expm1(growth);
    at[i] = z;
    total += mass[i] = exp(logDensity(z) + growth * share);
  }
  return { at, mass: mass.map((value) => value / total) };
}

/** P(t ≤ x) by a table of ∫ cosⁿ⁻¹ u over u = atan(x/√n), which is smooth and finite. */
function studentTable(degreesOfFreedom: number): (x: number) => number {
  const n = degreesOfFreedom;
  const width = PI / CELLS;
  const density = (u: number): number => max(0, cos(u)) ** (n - 1);
  const sums = new Float64Array(CELLS + 1);
  let before = density(-PI / 2);
  for (let i = 0; i < CELLS; i++) {
    const from = i * width - PI / 2;
    const after = density(from + width);
    // Simpson's rule; constant factors fall out.
    sums[i + 1] = (sums[i] ?? 0) + before + 4 * density(from + width / 2) + after;
    before = after;
  }
  const total = sums[CELLS] ?? 1;
  const root = sqrt(n);
  return (x) => {
    const place = (atan(x / root) + PI / 2) / width;
    const cell = min(CELLS - 1, max(0, floor(place)));
    const [low, high] = [sums[cell] ?? 0, sums[cell + 1] ?? 0];
    return (low + (high - low) * (place - cell)) / total;
  };
}

/** Where a distribution function reaches the level: doubled away from 0, then halved. */
function solve(below: (x: number) => number, level: number): number {
  let [low, high] = [-1, 1];
  while (below(low) > level && low > -1e6) low *= 2;
  while (below(high) < level && high < 1e6) high *= 2;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < level) low = middle;
    else high = middle;
  }
  return high;
}
