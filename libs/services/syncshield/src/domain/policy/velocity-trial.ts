import type { Budget } from '../budget.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { Ask } from './finding.js';
import { RuleFacts } from './rule-facts.js';
import type { SpendVelocityRule } from './rule.js';
import { HOUR_MS, hourOfWeek, learnProfile, type SpendHour } from './spend-profile.js';

/** Where a trial takes its numbers from: uniform doubles in [0, 1). */
export interface UniformRandom {
  nextDouble(): number;
}

/** A stream of holds: how many, when it is learned from, and its spikes. */
export interface VelocityShape {
  /** Holds per second at the busiest hour. */
  readonly holdsPerSecond: number;
  readonly learnedWeeks: number;
  /** How many are judged. */
  readonly hours: number;
  /** Instants, ms after the first judged one, from which the rate is ten times as high for 30 s. */
  readonly spikesMs: readonly number[];
  readonly rule: SpendVelocityRule;
}

/** What was vetoed of it. */
export interface VelocityReport {
  readonly holds: number;
  /** Vetoes outside of spikes and the minute after them. */
  readonly falseVetoes: number;
  /** How long after the begin of each spike its first veto came, ms; Infinity for none. */
  readonly detectedMs: readonly number[];
}

const WEEK_HOURS = 168;
const START_HOUR = Math.floor(Date.UTC(2026, 2, 2) / HOUR_MS);
const SPIKE_MS = 30_000;
const SPIKE_FACTOR = 10;
const SIGMA = 1;
const MEDIAN_MICROS = 1_000;
const BUDGET: Budget = {
  ...{ budgetNo: 1n, id: 'b', parentNo: undefined, depth: 0, name: 'b', currency: 'EUR' },
  ...{ isPaused: false, pausesOnExternal: false, caps: [] },
};

/**
 * A seeded stream (compound Poisson, log-normal amounts, a daily and weekly rhythm, hours that are up to a fifth off)
 * is learned from and then judged hold by hold, as transactions do; what is vetoed does not count as approved.
 */
export function velocityTrial(random: UniformRandom, shape: VelocityShape): VelocityReport {
  const first = START_HOUR + shape.learnedWeeks * WEEK_HOURS;
  const policy = new CompiledPolicy(1, { rules: [shape.rule] });
  const facts = new RuleFacts();
  const profile = learnProfile(learnedHours(random, shape, first), first);
  if (profile !== undefined) facts.loadProfile(BUDGET.budgetNo, profile);
  const detectedMs = shape.spikesMs.map(() => Infinity);
  const counts = { holds: 0, falseVetoes: 0 };
  for (const { atMs, micros } of holdsOf(random, shape, first)) {
    const ask = askAt(atMs, micros);
    counts.holds++;
    if (policy.denialOf(ask, facts) === undefined) {
      facts.approve(policy, ask);
      continue;
    }
    const afterMs = atMs - first * HOUR_MS;
    const spike = shape.spikesMs.findIndex((at) => afterMs >= at && afterMs < at + 3 * SPIKE_MS);
    if (spike < 0) counts.falseVetoes++;
    else
      detectedMs[spike] = Math.min(detectedMs[spike] ?? 0, afterMs - (shape.spikesMs[spike] ?? 0));
  }
  return { ...counts, detectedMs };
}

/** The hours that are learned from; hours of many holds are drawn as sums (central limit theorem). */
export function learnedHours(
  random: UniformRandom,
  { holdsPerSecond }: Pick<VelocityShape, 'holdsPerSecond'>,
  untilHour: number,
): SpendHour[] {
  const rows: SpendHour[] = [];
  for (let hour = START_HOUR; hour < untilHour; hour++) {
    const mean = rateAt(random, hour, holdsPerSecond) * 3_600;
    const { sum, squares } = mean > 200 ? manyHolds(random, mean) : fewHolds(random, mean);
    const row = { approvedMicros: BigInt(Math.round(sum)), squares: BigInt(Math.round(squares)) };
    if (sum > 0) rows.push({ hour, ...row });
  }
  return rows;
}

function* holdsOf(
  random: UniformRandom,
  { holdsPerSecond, hours, spikesMs }: VelocityShape,
  first: number,
): Generator<{ atMs: number; micros: bigint }> {
  const startMs = first * HOUR_MS;
  const isInSpike = (atMs: number): boolean =>
    spikesMs.some((spike) => atMs - startMs >= spike && atMs - startMs < spike + SPIKE_MS);
  for (let hour = first; hour < first + hours; hour++) {
    const rate = rateAt(random, hour, holdsPerSecond);
    for (let atMs = hour * HOUR_MS; ;) {
      const now = isInSpike(atMs) ? rate * SPIKE_FACTOR : rate;
      atMs += (-Math.log(1 - random.nextDouble()) * 1_000) / now;
      if (atMs >= (hour + 1) * HOUR_MS) break;
      yield { atMs: Math.floor(atMs), micros: BigInt(amountOf(random)) };
    }
  }
}

/** Nights are quiet, weekends half as busy, every hour is up to a fifth off. */
function rateAt(random: UniformRandom, hour: number, busiest: number): number {
  const slot = hourOfWeek(hour);
  const daily = 0.15 + 0.85 * Math.max(0, Math.sin((Math.PI * ((slot % 24) - 5)) / 18)) ** 2;
  return busiest * daily * (slot >= 120 ? 0.5 : 1) * (0.8 + 0.4 * random.nextDouble());
}

function amountOf(random: UniformRandom): number {
  return Math.max(1, Math.round(MEDIAN_MICROS * Math.exp(SIGMA * normal(random))));
}

/** Moments of a log-normal: mean e^½, of squares e², their deviations 1.3 and 7.3 means for one hold. */
function manyHolds(random: UniformRandom, mean: number): { sum: number; squares: number } {
  const holds = mean + Math.sqrt(mean) * normal(random);
  const off = Math.sqrt(holds);
  return {
    sum: MEDIAN_MICROS * Math.exp(0.5) * (holds + 1.3 * off * normal(random)),
    squares: MEDIAN_MICROS ** 2 * Math.exp(2) * Math.max(1, holds + 7.3 * off * normal(random)),
  };
}

function fewHolds(random: UniformRandom, mean: number): { sum: number; squares: number } {
  let [sum, squares] = [0, 0];
  for (let at = exponential(random); at < mean; at += exponential(random)) {
    const micros = amountOf(random);
    [sum, squares] = [sum + micros, squares + micros * micros];
  }
  return { sum, squares };
}

function exponential(random: UniformRandom): number {
  return -Math.log(1 - random.nextDouble());
}

/** Box and Muller. */
function normal(random: UniformRandom): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.nextDouble());
}

function askAt(nowMs: number, amountMicros: bigint): Ask {
  const request = { tenant: 't', id: 'h', budgetId: 'b', amountMicros, currency: 'EUR' };
  return {
    ...{ context: {}, path: [BUDGET], nowMs },
    request: { ...request, expiresInMs: 1, graceMs: 0 },
  };
}
