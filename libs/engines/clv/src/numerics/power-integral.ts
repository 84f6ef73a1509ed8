import { legendreRule, type QuadratureRule } from './gauss-legendre.js';

// Bound once: a look-up of a global per call is what these loops would mostly do under a test runner.
const { abs, ceil, exp, expm1, log1p, max } = Math;

/** What is integrated: (a+τ)^−p · (b+τ)^−q over τ in [from, to]; a, b > 0 and p + q > 1. */
export interface Powers {
  readonly p: number;
  readonly a: number;
  readonly q: number;
  readonly b: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The integral and means under its integrand: `value` relative to the integrand at `from`; the means of
 * log((a+τ)/(a+from)), log((b+τ)/(b+from)), 1/(a+τ) and 1/(b+τ), which are its derivatives.
 */
export interface PowerMeans {
  value: number;
  logA: number;
  logB: number;
  inverseA: number;
  inverseB: number;
}

/** Beyond e^−NEGLIGIBLE of its start the integrand adds nothing. */
const NEGLIGIBLE = 40;
/** Rules with the decay and the width of a panel up to which they give 12 digits. */
const RULES = [
  { rule: legendreRule(4), decay: 0.3, width: 0.3 },
  { rule: legendreRule(5), decay: 0.8, width: 0.6 },
  { rule: legendreRule(6), decay: 1.8, width: 1 },
  { rule: legendreRule(8), decay: 5, width: 1.6 },
] as const;
const GREATEST = RULES[3];

/**
 * ∫ (a+τ)^−p (b+τ)^−q dτ, the one integral behind Pareto/NBD; its hypergeometric forms have a branch for a ≥ b and
 * one for a < b and subtract two of them, which cancels. Here nothing is subtracted: with m the smaller of a and b,
 * M the greater, y = log((m+τ)/(m+from)) and ρ = (m+from)/(M+from), the integrand is exp(−(p−1)y − q·log(1 −
 * ρ + ρe^y)), analytic for |Im y| < π, and Gauss-Legendre panels give value and gradient together.
 */
export function powerIntegral(powers: Powers, into: PowerMeans): void {
  const { a, b, from, to } = powers;
  const isSwapped = a > b;
  const [p, q] = isSwapped ? [powers.q, powers.p] : [powers.p, powers.q];
  const near = (isSwapped ? b : a) + from;
  const far = (isSwapped ? a : b) + from;
  const rho = near / far;
  const end = lastOf(p, q, rho, log1p((to - from) / near));
  const { panels, rule } = panelsOf(p, q, rho, end);
  const { nodes, weights } = rule;
  const half = end / panels / 2;
  let [sum, logNear, logFar, inverseNear, inverseFar] = [0, 0, 0, 0, 0];
  for (let panel = 0; panel < panels; panel++) {
    const centre = (2 * panel + 1) * half;
    for (let i = 0; i < nodes.length; i++) {
      const y = centre + half * (nodes[i] ?? 0);
      const grown = expm1(y);
      const log = log1p(rho * grown);
      const weight = (weights[i] ?? 0) * exp((1 - p) * y - q * log);
      sum += weight;
      logNear += weight * y;
      logFar += weight * log;
      inverseNear += weight / (1 + grown);
      inverseFar += weight / (1 + rho * grown);
    }
  }
  into.value = sum * half * near;
  const scale = sum > 0 ? 1 / sum : 0;
  into.logA = (isSwapped ? logFar : logNear) * scale;
  into.logB = (isSwapped ? logNear : logFar) * scale;
  into.inverseA = isSwapped ? (inverseFar * scale) / far : (inverseNear * scale) / near;
  into.inverseB = isSwapped ? (inverseNear * scale) / near : (inverseFar * scale) / far;
}

/** The integral alone, relative to the integrand at `from`: {@link powerIntegral} without the means. */
export function powerIntegralValue(powers: Powers): number {
  const { a, b, from, to } = powers;
  const isSwapped = a > b;
  const [p, q] = isSwapped ? [powers.q, powers.p] : [powers.p, powers.q];
  const near = (isSwapped ? b : a) + from;
  const rho = near / ((isSwapped ? a : b) + from);
  const end = lastOf(p, q, rho, log1p((to - from) / near));
  const { panels, rule } = panelsOf(p, q, rho, end);
  const { nodes, weights } = rule;
  const half = end / panels / 2;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    const centre = (2 * panel + 1) * half;
    for (let i = 0; i < nodes.length; i++) {
      const y = centre + half * (nodes[i] ?? 0);
      sum += (weights[i] ?? 0) * exp((1 - p) * y - q * log1p(rho * expm1(y)));
    }
  }
  return sum * half * near;
}

/** A place for {@link powerIntegral} to write to. */
export function emptyMeans(): PowerMeans {
  return { value: 0, logA: 0, logB: 0, inverseA: 0, inverseB: 0 };
}

/**
 * Where to stop: the exponent is convex and 0 at 0, so Newton's method from the right comes down to where it is
 * NEGLIGIBLE without passing it.
 */
function lastOf(p: number, q: number, rho: number, end: number): number {
  let y = end;
  for (let step = 0; step < 100; step++) {
    const excess = (p - 1) * y + q * log1p(rho * expm1(y)) - NEGLIGIBLE;
    if (!(excess > 0.5 * NEGLIGIBLE)) break;
    y -= excess / slope(p, q, rho, y);
  }
  return y;
}

/** As few points as the decay and the width of [0, end] allow. */
function panelsOf(
  p: number,
  q: number,
  rho: number,
  end: number,
): { readonly panels: number; readonly rule: QuadratureRule } {
  const decay = end * max(abs(slope(p, q, rho, 0)), abs(slope(p, q, rho, end)));
  for (const one of RULES) {
    if (decay <= one.decay && end <= one.width) return { panels: 1, rule: one.rule };
  }
  const panels = max(1, ceil(max(decay / GREATEST.decay, end / GREATEST.width)));
  return { panels, rule: GREATEST.rule };
}

function slope(p: number, q: number, rho: number, y: number): number {
  const grown = rho * expm1(y);
  return p - 1 + (q * (rho + grown)) / (1 + grown);
}
