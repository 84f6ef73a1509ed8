import { legendreRule, type QuadratureRule } from './gauss-legendre.js';

// Bound once: a look-up of a global per call is what these loops would mostly do under a test runner.
const { abs, exp, expm1, hypot, log, log1p, max, min } = Math;

/** τⁿ (a+τ)^−p e^(growth·τ) g^−q over τ in [from, to], g = β − 1 + e^(bτ); a, b, β > 0, p, q, n ≥ 0. */
export interface GompertzPowers {
  /** @default 0 */
  readonly n?: number;
  readonly a: number;
  readonly p: number;
  readonly b: number;
  readonly beta: number;
  readonly q: number;
  readonly growth: number;
  readonly from: number;
  readonly to: number;
}

/** log of the integral, and the means under its integrand that are its derivatives. */
export interface GompertzMeans {
  logValue: number;
  logA: number;
  inverseA: number;
  logG: number;
  inverseG: number;
  time: number;
  /** Of τ e^(bτ) / g. */
  timeShare: number;
}

/**
 * Rules for twelve digits: exponents may change by `steepest` over a panel, and it be `widest` times as long as the way
 * to the nearest pole.
 */
const RULES = [
  { rule: legendreRule(5), steepest: 0.8, widest: 0.3 },
  { rule: legendreRule(10), steepest: 6, widest: 1.5 },
] as const;
/** What is below e^−NEGLIGIBLE of the rest adds nothing. */
const NEGLIGIBLE = 40;
const MAX_PANELS = 20_000;

/**
 * The one integral behind Gamma/Gompertz/NBD, by Gauss-Legendre on panels that are halved until neither steepness nor
 * a pole (τ = −a; β − 1 + e^(bτ) = 0) is too near, and left out where a bound says that they add nothing to the rest
 * or to e^floor. All in logs: D = β e^(−bτ) + (1 − e^(−bτ)) = g e^(−bτ) neither overflows nor cancels.
 */
export function gompertzIntegral(of: GompertzPowers, into: GompertzMeans, floor = -Infinity): void {
  const sums = new Float64Array(7);
  const pole = poleOf(of);
  const edges = [of.from, of.to];
  let reference = -Infinity;
  let most = floor;
  for (let panel = 0; edges.length > 1 && panel < MAX_PANELS; panel++) {
    const [hi, lo] = [edges.pop() ?? 0, edges.pop() ?? 0];
    if (!(hi > lo)) continue;
    const middle = (lo + hi) / 2;
    const fitting = ruleFor(of, pole, lo, hi);
    if (fitting === undefined && middle > lo && middle < hi) {
      if (boundOf(of, lo, hi) < most - NEGLIGIBLE) continue;
      // With τⁿ the mass lies on the right, else on the left: that half goes first, the other is often left out.
      if ((of.n ?? 0) > 0) edges.push(lo, middle, middle, hi);
      else edges.push(middle, hi, lo, middle);
      continue;
    }
    const rule = fitting ?? RULES[1].rule;
    reference = addPanel(of, lo, hi, { rule, sums, reference });
    most = max(floor, reference + log(sums[0] ?? 0));
  }
  const total = sums[0] ?? 0;
  const mean = (k: number): number => (total > 0 ? (sums[k] ?? 0) / total : 0);
  into.logValue = total > 0 ? reference + log(total) : -Infinity;
  [into.logA, into.inverseA, into.logG] = [mean(1), mean(2), mean(3)];
  [into.inverseG, into.time, into.timeShare] = [mean(4), mean(5), mean(6)];
}

/** log g, from D. */
export function logGompertz(b: number, beta: number, t: number): number {
  const left = exp(-b * t);
  return b * t + log(beta * left - expm1(-b * t));
}

/** A place for {@link gompertzIntegral} to write to. */
export function emptyGompertzMeans(): GompertzMeans {
  return { logValue: 0, logA: 0, inverseA: 0, logG: 0, inverseG: 0, time: 0, timeShare: 0 };
}

interface Running {
  readonly rule: QuadratureRule;
  readonly sums: Float64Array;
  /** log of what the sums are divided by. */
  readonly reference: number;
}

/** Adds one panel and returns the reference of the sums. */
function addPanel(
  of: GompertzPowers,
  lo: number,
  hi: number,
  { rule, sums, reference }: Running,
): number {
  const { a, p, b, beta, q, growth, n = 0 } = of;
  const [centre, half] = [(lo + hi) / 2, (hi - lo) / 2];
  let scaled = reference;
  for (let i = 0; i < rule.nodes.length; i++) {
    const t = centre + half * (rule.nodes[i] ?? 0);
    const left = exp(-b * t);
    const d = beta * left - expm1(-b * t);
    const [logA, logD] = [log(a + t), log(d)];
    const power = n === 0 ? 0 : n * log(t);
    const exponent = power - p * logA + (growth - q * b) * t - q * logD;
    if (exponent > scaled) {
      const shrink = exp(scaled - exponent);
      for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] ?? 0) * shrink;
      scaled = exponent;
    }
    const weight = half * (rule.weights[i] ?? 0) * exp(exponent - scaled);
    sums[0] = (sums[0] ?? 0) + weight;
    sums[1] = (sums[1] ?? 0) + weight * logA;
    sums[2] = (sums[2] ?? 0) + weight / (a + t);
    sums[3] = (sums[3] ?? 0) + weight * (b * t + logD);
    sums[4] = (sums[4] ?? 0) + (weight * left) / d;
    sums[5] = (sums[5] ?? 0) + weight * t;
    sums[6] = (sums[6] ?? 0) + (weight * t) / d;
  }
  return scaled;
}

/** Where g is 0: on the real line for β < 1, else π/b beside it. */
function poleOf({ b, beta }: GompertzPowers): { readonly at: number; readonly aside: number } {
  return beta < 1
    ? { at: log1p(-beta) / b, aside: 0 }
    : { at: log(beta - 1) / b, aside: Math.PI / b };
}

/** The smallest rule that does; undefined where the panel is too wide for any. */
function ruleFor(
  of: GompertzPowers,
  { at, aside }: ReturnType<typeof poleOf>,
  lo: number,
  hi: number,
): QuadratureRule | undefined {
  const width = hi - lo;
  const toPole = min(of.a + lo, hypot(max(0, lo - at, at - hi), aside));
  if (width > RULES[1].widest * toPole) return undefined;
  const { n = 0 } = of;
  const powers = of.p / (of.a + lo) + (n === 0 ? 0 : n / lo);
  const steepness = width * (powers + max(abs(slopeOf(of, lo)), abs(slopeOf(of, hi))));
  const fitting = RULES.find(({ steepest, widest }) => {
    return steepness <= steepest && width <= widest * toPole;
  });
  return fitting?.rule;
}

/** Of growth·τ − q log g; it is monotone between any two τ. */
function slopeOf({ b, beta, q, growth }: GompertzPowers, t: number): number {
  return growth - (q * b) / (beta * exp(-b * t) - expm1(-b * t));
}

/** log of something that the integral over a panel is no greater than. */
function boundOf(of: GompertzPowers, lo: number, hi: number): number {
  const { a, p, b, beta, q, growth, n = 0 } = of;
  const peak = p > n ? min(hi, max(lo, (n * a) / (p - n))) : hi;
  const powers = (n === 0 ? 0 : n * log(peak)) - p * log(a + (n === 0 ? lo : peak));
  const [left, right] = [lo, hi].map((t) => growth * t - q * logGompertz(b, beta, t));
  const [rise, fall] = [slopeOf(of, lo), -slopeOf(of, hi)];
  const width = hi - lo;
  const [atLeft = NaN, atRight = NaN] = [left, right];
  const hasPeak = rise > 0 && fall > 0;
  const greatest = hasPeak
    ? min(atLeft + rise * width, atRight + fall * width)
    : max(atLeft, atRight);
  return powers + greatest + log(width);
}
