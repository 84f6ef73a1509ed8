/**
 * Goal: a spike of ten times the learned rate is vetoed within 5 s, and clean spending (bursts,
 * days, weeks) is vetoed in at most 0.1 % of its holds; single days out of line teach nothing.
 * Method: seeded compound Poisson streams with a daily and weekly rhythm, learned for four weeks and
 * judged hold by hold through the policy as a transaction would.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { CompiledPolicy } from './compiled-policy.js';
import { askOf, PATH, ruleOf } from './policy.fixture.js';
import { RuleFacts } from './rule-facts.js';
import type { SpendVelocityRule } from './rule.js';
import { expectedMicros, HOUR_MS, learnProfile } from './spend-profile.js';
import { learnedHours, velocityTrial } from './velocity-trial.js';

const WEEK_HOURS = 168;
const UNTIL = Math.floor(Date.UTC(2026, 2, 2) / HOUR_MS) + 4 * WEEK_HOURS;
const rule = ruleOf({
  ...{ kind: 'spend_velocity', windowMs: 5_000, factorPercent: 300, slackLumps: 8 },
  ...{ minMicros: 0n, minHours: WEEK_HOURS },
}) as SpendVelocityRule;
const policy = new CompiledPolicy(1, { rules: [rule] });
const shape = { learnedWeeks: 4, spikesMs: [], rule };

describe('spend_velocity', () => {
  it('vetoes at most 0.1 % of clean holds, from one hold an hour to five a second', () => {
    for (const holdsPerSecond of [1 / 3_600, 1 / 60, 0.3, 5]) {
      const hours = holdsPerSecond > 1 ? 14 : 120;
      const random = new SeededRandom(testSeed());
      const report = velocityTrial(random, { ...shape, holdsPerSecond, hours });
      const isRare = report.falseVetoes / report.holds <= 0.001;
      expect({ holdsPerSecond, isRare }).toEqual({ holdsPerSecond, isRare: true });
      if (holdsPerSecond > 1 / 60) expect(report.holds).toBeGreaterThan(40_000);
    }
  });

  it('vetoes ten times the rate within 5 s', () => {
    const spikesMs = Array.from({ length: 8 }, (_, n) => (9 + n) * HOUR_MS + 1_234_567);
    const random = new SeededRandom(testSeed());
    const report = velocityTrial(random, { ...shape, holdsPerSecond: 8, hours: 17, spikesMs });
    expect(report.detectedMs).toHaveLength(8);
    expect(report.detectedMs.filter((afterMs) => afterMs > 5_000)).toEqual([]);
  });

  it('learns nothing from a day out of line, and passes while it learns', () => {
    const random = new SeededRandom(testSeed());
    const hours = learnedHours(random, { holdsPerSecond: 0.5 }, UNTIL);
    const odd = hours.map((row) =>
      row.hour >= UNTIL - 24 ? { ...row, approvedMicros: row.approvedMicros * 100n } : row,
    );
    const [usual, moved] = [learnProfile(hours, UNTIL)!, learnProfile(odd, UNTIL)!];
    for (let hour = UNTIL; hour < UNTIL + WEEK_HOURS; hour++) {
      const expected = expectedMicros(usual, hour * HOUR_MS, HOUR_MS);
      expect(expectedMicros(moved, hour * HOUR_MS, HOUR_MS)).toBeLessThan(expected * 2n);
    }
    const facts = new RuleFacts();
    const ask = askOf({}, { nowMs: UNTIL * HOUR_MS, amountMicros: 10n ** 12n });
    const outcome = () => policy.trace(ask, facts)[0]?.finding.outcome;
    expect(outcome()).toBe('learning');
    facts.loadProfile(PATH[0].budgetNo, { ...usual, hours: WEEK_HOURS - 1 });
    expect(outcome()).toBe('learning');
    facts.loadProfile(PATH[0].budgetNo, usual);
    expect(outcome()).toBe('denied');
  });

  it('counts what it approves', () => {
    const facts = new RuleFacts();
    const hours = learnedHours(new SeededRandom(1), { holdsPerSecond: 0.05 }, UNTIL);
    facts.loadProfile(PATH[0].budgetNo, learnProfile(hours, UNTIL)!);
    const ask = askOf({}, { nowMs: UNTIL * HOUR_MS });
    expect(policy.denialOf(ask, facts)).toBeUndefined();
    facts.approve(policy, ask);
    expect(facts.changes()).toMatchObject([{ ruleId: 'r', subject: 'b2', micros: 10n }]);
    expect(facts.approvedMicros(rule, PATH[0].budgetNo, UNTIL * HOUR_MS)).toBe(10n);
    expect(facts.approvedMicros(rule, PATH[0].budgetNo, UNTIL * HOUR_MS + 6_000)).toBe(0n);
  });
});
