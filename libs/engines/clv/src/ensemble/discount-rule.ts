import { DAYS_PER_YEAR } from '../forecast.js';
import { legendreRule } from '../numerics/gauss-legendre.js';

const { ceil, exp, expm1, log, log1p, max, min, sqrt } = Math;

/** Discount weights below e^−45 add nothing to a double. */
const NEGLIGIBLE = 45;
/** Discounting between two knots of the moments: e^−3 is smooth enough for one rule. */
const PANEL = 3;
/** Digits, as a logarithm, that interpolation keeps where discounting is all that counts: found by trying for 1e-9. */
const LOG_DIGITS = 19.5;
/** Of the logarithm of what is discounted: so many digits fewer do. */
const SPARED = 0.75;
const MOMENT_RULE = legendreRule(16);
/** Of the interpolating polynomials, for each part of the path that has a rule of its own. */
const DEGREES = 8;

/** δ ∫₀ᴴ e^(−δs) factor(s) blend(s) ds as a sum: Σ weights · blend(days). */
export interface DiscountRule {
  /** Where the blend is read. */
  readonly days: Float64Array;
  readonly weights: Float64Array;
}

/** A path to discount. */
export interface DiscountedPath {
  readonly horizonDays: number;
  readonly annualDiscountRate: number;
  /** The blend is analytic in log(scaleDays + days): it bends within no fewer days. */
  readonly scaleDays: number;
  /** What increments of the blend are multiplied with; it may jump. */
  readonly factor: (days: number) => number;
  /** Where it does. */
  readonly kinks: readonly number[];
}

/** A yearly rate of discount as a continuous one per day. */
export function dailyRate(annualDiscountRate: number): number {
  return log1p(annualDiscountRate) / DAYS_PER_YEAR;
}

/**
 * The rule of a path, a product rule: blend(s)/s, smooth but costly, is interpolated between a few Gauss nodes in log
 * time; all the rest, with jumps and cheap, is integrated against the interpolating polynomials once and for all
 * customers.
 */
export function discountRule(path: DiscountedPath): DiscountRule {
  const { horizonDays, annualDiscountRate, scaleDays } = path;
  if (annualDiscountRate === 0) {
    return { days: new Float64Array(0), weights: new Float64Array(0) };
  }
  const delta = dailyRate(annualDiscountRate);
  const until = min(horizonDays, NEGLIGIBLE / delta);
  const last = log1p(until / scaleDays);
  const gauss = legendreRule(nodesFor(last, delta * until));
  const days = gauss.nodes.map((x) => scaleDays * expm1(((x + 1) / 2) * last));
  const moments = momentsOf(path, { delta, until, last, size: days.length });
  const weights = gauss.nodes.map((x, j) => {
    const values = legendreValues(x, days.length);
    const sum = values.reduce((total, p, k) => total + (k + 0.5) * p * (moments[k] ?? 0), 0);
    return ((gauss.weights[j] ?? 0) * sum) / (days[j] ?? 1);
  });
  return { days, weights };
}

/**
 * The nearest singularity lies at ±iπ in log time, so an error shrinks by the ellipse through it with each node; what
 * is discounted by little may be known with fewer digits.
 */
function nodesFor(last: number, discounting: number): number {
  const height = (2 * Math.PI) / last;
  const shrinking = log(height + sqrt(1 + height * height));
  return max(4, min(48, ceil((LOG_DIGITS + SPARED * min(0, log(discounting))) / shrinking)));
}

interface Moments {
  readonly delta: number;
  readonly until: number;
  /** log time at `until`. */
  readonly last: number;
  readonly size: number;
}

/** δ ∫ e^(−δs) s · factor(s) · P_k ds for k < size, by Gauss-Legendre in log time between kinks. */
function momentsOf(path: DiscountedPath, { delta, until, last, size }: Moments): Float64Array {
  const { scaleDays, factor, kinks } = path;
  const panels = ceil((delta * until) / PANEL);
  const even = Array.from({ length: panels }, (_, i) => ((i + 1) * until) / panels);
  const waves = ceil(size / DEGREES);
  const inLog = Array.from({ length: waves - 1 }, (_, i) => {
    return scaleDays * expm1(((i + 1) * last) / waves);
  });
  const jumps = kinks.filter((day) => day > 0 && day < until);
  const knots = [0, ...jumps, ...even, ...inLog].sort((a, b) => a - b);
  const moments = new Float64Array(size);
  for (let i = 1; i < knots.length; i++) {
    const [from, to] = [log1p((knots[i - 1] ?? 0) / scaleDays), log1p((knots[i] ?? 0) / scaleDays)];
    const half = (to - from) / 2;
    MOMENT_RULE.nodes.forEach((node, n) => {
      const u = from + half * (1 + node);
      const s = scaleDays * expm1(u);
      const mass = delta * exp(-delta * s) * s * factor(s) * (scaleDays + s);
      const weight = half * (MOMENT_RULE.weights[n] ?? 0) * mass;
      legendreValues((2 * u) / last - 1, size).forEach((p, k) => {
        moments[k] = (moments[k] ?? 0) + weight * p;
      });
    });
  }
  return moments;
}

/** Legendre polynomials of degree 0 … size − 1. */
function legendreValues(x: number, size: number): Float64Array {
  const values = new Float64Array(size);
  let [before, value] = [0, 1];
  for (let k = 0; k < size; k++) {
    values[k] = value;
    [before, value] = [value, ((2 * k + 1) * x * value - k * before) / (k + 1)];
  }
  return values;
}
