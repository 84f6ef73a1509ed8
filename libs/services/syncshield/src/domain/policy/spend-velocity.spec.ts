/**
 * Goal: a spike of ten times the learned rate is vetoed within 5 s, and clean spending (bursts,
 * days, weeks) is vetoed in at most 0.1 % of its holds; single days out of line teach nothing.
 * Method: seeded compound Poisson streams with a daily and weekly rhythm, learned for four weeks and
 * replayed hold by hold through the policy as a transaction would.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import { CompiledPolicy } from './compiled-policy.js';
import { askOf, PATH, ruleOf } from './policy.fixture.js';
import { RuleFacts } from './rule-facts.js';
import type { SpendVelocityRule } from './rule.js';
import {
  expectedMicros,
  HOUR_MS,
  hourOfWeek,
  learnProfile,
  type SpendHour,
} from './spend-profile.js';

const WEEK_HOURS = 168;
const START_HOUR = Math.floor(Date.UTC(2026, 2, 2) / HOUR_MS);
const BUDGET_NO = PATH[0].budgetNo;

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Holds per second at an hour: nights are quiet, weekends half as busy, every hour is a bit off. */
function rateAt(hour: number, base: number, random: () => number): number {
  const slot = hourOfWeek(hour);
  const daily = 0.15 + 0.85 * Math.max(0, Math.sin((Math.PI * ((slot % 24) - 5)) / 18)) ** 2;
  const weekly = slot >= 120 ? 0.5 : 1;
  return base * daily * weekly * (0.8 + 0.4 * random());
}

/** Log-normal amounts (sigma 1): many small ones, few of ten times the median. */
function amountOf(random: () => number): bigint {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return BigInt(Math.max(1, Math.round(1_000 * Math.exp(normal))));
}

function* holdsOf(
  hours: { first: number; count: number },
  base: number,
  random: () => number,
  spike = (atMs: number): number => (void atMs, 1),
): Generator<{ atMs: number; micros: bigint }> {
  for (let hour = hours.first; hour < hours.first + hours.count; hour++) {
    const rate = rateAt(hour, base, random);
    let atMs = hour * HOUR_MS;
    for (;;) {
      atMs += (-Math.log(1 - random()) * 1_000) / (rate * spike(atMs));
      if (atMs >= (hour + 1) * HOUR_MS) break;
      yield { atMs: Math.floor(atMs), micros: amountOf(random) };
    }
  }
}

/** Hours of the same stream; many holds are drawn as their sums (central limit theorem). */
function hoursOf(first: number, count: number, base: number, random: () => number): SpendHour[] {
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows: SpendHour[] = [];
  for (let hour = first; hour < first + count; hour++) {
    const mean = rateAt(hour, base, random) * 3_600;
    let [sum, squares] = [0, 0];
    if (mean > 200) {
      const holds = mean + Math.sqrt(mean) * normal();
      sum = 1_000 * Math.exp(0.5) * (holds + 1.3 * Math.sqrt(holds) * normal());
      squares = 1_000_000 * Math.exp(2) * (holds + 7 * Math.sqrt(holds) * normal());
    } else {
      for (let at = -Math.log(1 - random()); at < mean; at -= Math.log(1 - random())) {
        const micros = Number(amountOf(random));
        [sum, squares] = [sum + micros, squares + micros * micros];
      }
    }
    const row = { approvedMicros: BigInt(Math.round(sum)), squares: BigInt(Math.round(squares)) };
    if (sum > 0) rows.push({ hour, ...row });
  }
  return rows;
}

const rule = ruleOf({
  ...{ kind: 'spend_velocity', windowMs: 5_000, factorPercent: 300, slackLumps: 10 },
  ...{ minMicros: 0n, minHours: WEEK_HOURS },
}) as SpendVelocityRule;
const policy = new CompiledPolicy(1, { rules: [rule] });

/** Learns four weeks, then judges what comes; calls back with each hold. */
function replay(
  base: number,
  seed: number,
  days: number,
  spike?: (atMs: number) => number,
  each: (atMs: number, isVetoed: boolean) => void = () => undefined,
): { holds: number; vetoed: number } {
  const random = randomOf(seed);
  const learned = hoursOf(START_HOUR, 4 * WEEK_HOURS, base, random);
  const first = START_HOUR + 4 * WEEK_HOURS;
  const facts = new RuleFacts();
  facts.loadProfile(BUDGET_NO, learnProfile(learned, first)!);
  const counts = { holds: 0, vetoed: 0 };
  for (const { atMs, micros } of holdsOf({ first, count: days * 24 }, base, random, spike)) {
    const ask = askOf({}, { nowMs: atMs, amountMicros: micros });
    const isVetoed = policy.denialOf(ask, facts) !== undefined;
    if (!isVetoed) facts.approve(policy, ask);
    counts.holds++;
    if (isVetoed) counts.vetoed++;
    each(atMs, isVetoed);
  }
  return counts;
}

describe('spend_velocity', () => {
  it('vetoes at most 0.1 % of clean holds, from one hold an hour to five a second', () => {
    for (const base of [1 / 3_600, 1 / 60, 0.3, 5]) {
      const days = base > 1 ? 1 : 7;
      const { holds, vetoed } = replay(base, testSeed(), days);
      expect({ base, rate: vetoed / holds <= 0.001 }).toEqual({ base, rate: true });
      if (base > 1 / 60) expect(holds).toBeGreaterThan(50_000);
    }
  });

  it('vetoes ten times the rate within 5 s', () => {
    const late: number[] = [];
    const first = (START_HOUR + 4 * WEEK_HOURS) * HOUR_MS;
    const spikes = Array.from({ length: 12 }, (_, n) => first + (9 + n) * HOUR_MS + 1_234_567);
    const isIn = (atMs: number): boolean =>
      spikes.some((from) => atMs >= from && atMs < from + 30_000);
    const vetoes = new Map<number, number>();
    replay(
      8,
      testSeed() + 1,
      1,
      (atMs) => (isIn(atMs) ? 10 : 1),
      (atMs, isVetoed) => {
        const from = spikes.find((of) => atMs >= of && atMs < of + 30_000);
        if (from !== undefined && isVetoed && !vetoes.has(from)) vetoes.set(from, atMs - from);
      },
    );
    for (const from of spikes) {
      const afterMs = vetoes.get(from);
      if (afterMs === undefined || afterMs > 5_000) late.push(from);
    }
    expect({ spikes: spikes.length, late }).toEqual({ spikes: 12, late: [] });
  });

  it('learns nothing from a day out of line, and passes while it learns', () => {
    const random = randomOf(testSeed());
    const hours = hoursOf(START_HOUR, 4 * WEEK_HOURS, 0.5, random);
    const until = START_HOUR + 4 * WEEK_HOURS;
    const odd = hours.map((row) =>
      row.hour >= until - 24 ? { ...row, approvedMicros: row.approvedMicros * 100n } : row,
    );
    const [usual, moved] = [learnProfile(hours, until)!, learnProfile(odd, until)!];
    for (let hour = until; hour < until + WEEK_HOURS; hour++) {
      const expected = expectedMicros(usual, hour * HOUR_MS, HOUR_MS);
      expect(expectedMicros(moved, hour * HOUR_MS, HOUR_MS)).toBeLessThan(expected * 2n);
    }
    const facts = new RuleFacts();
    const ask = askOf({}, { nowMs: until * HOUR_MS, amountMicros: 10n ** 12n });
    expect(policy.trace(ask, facts)[0]?.finding.outcome).toBe('learning');
    facts.loadProfile(BUDGET_NO, { ...usual, hours: WEEK_HOURS - 1 });
    expect(policy.trace(ask, facts)[0]?.finding.outcome).toBe('learning');
    facts.loadProfile(BUDGET_NO, usual);
    expect(policy.trace(ask, facts)[0]?.finding.outcome).toBe('denied');
  });

  it('counts what it approves', () => {
    const facts = new RuleFacts();
    const rows = hoursOf(START_HOUR, WEEK_HOURS, 0.05, randomOf(1));
    facts.loadProfile(BUDGET_NO, learnProfile(rows, START_HOUR + WEEK_HOURS)!);
    const ask = askOf({}, { nowMs: (START_HOUR + WEEK_HOURS) * HOUR_MS });
    expect(policy.denialOf(ask, facts)).toBeUndefined();
    facts.approve(policy, ask);
    expect(facts.changes()).toEqual([
      { ruleId: 'r', subject: 'b2', bucket: expect.any(Number), micros: 10n },
    ]);
  });
});
