/**
 * Goal: the stability index is the textbook's, is zero for the same population and rises with every shift.
 * Method: counts worked out by hand; samples of a seeded generator.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { driftLevel, featureDrifts, overallDrift } from './drift.js';
import { PopulationCounter } from './population-counter.js';
import { populationProfile } from './population-profile.js';

describe('driftLevel', () => {
  it('means watch from .1 and alarm from .2, and nothing of fewer than 100 customers', () => {
    expect([0.0999, 0.1, 0.1999, 0.2].map((psi) => driftLevel(psi, 100))).toEqual([
      ...['stable', 'watch', 'watch', 'alarm'],
    ]);
    expect(driftLevel(5, 99)).toBe('unknown');
  });
});

describe('populationProfile', () => {
  it('notes the oldest age rounded up by less than a day', () => {
    for (const days of [0, 1, 7, 599, 36_525, 46_000]) {
      const column = Float64Array.of(days / 7);
      const table = { timeUnit: 'week' as const, customerIds: ['c'], spendMeanMicros: column };
      const all = { ...table, frequency: column, recency: column, age: column };
      const { oldestAge = NaN } = populationProfile(all, [1]);
      expect(oldestAge).toBeGreaterThanOrEqual(days / 7);
      expect(oldestAge).toBeLessThan((days + 1) / 7);
    }
  });
});

describe('the drift of a population', () => {
  const customers = (seed: number, shift: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 2000 }, () => {
      const frequency = random.nextInt(4);
      const age = 10 + random.nextInt(300) / 10;
      const recency = frequency === 0 ? 0 : age / 2;
      return { frequency, recency, age, spendMeanMicros: frequency * (1e7 + shift * 1e7) };
    });
  };
  const profile = () => {
    const then = customers(testSeed(), 0);
    const column = (of: (row: (typeof then)[number]) => number): Float64Array =>
      Float64Array.from(then, of);
    const table = {
      timeUnit: 'week' as const,
      customerIds: then.map((_, i) => `c${i}`),
      frequency: column((row) => row.frequency),
      recency: column((row) => row.recency),
      age: column((row) => row.age),
      spendMeanMicros: column((row) => row.spendMeanMicros),
    };
    return populationProfile(
      table,
      column((row) => row.frequency * 1e6),
    );
  };
  const driftsOf = (now: ReturnType<typeof customers>) => {
    const fitted = profile();
    const counter = new PopulationCounter(fitted);
    for (const row of now) counter.add(row, row.frequency * 1e6);
    return featureDrifts(fitted, (feature) => counter.counts(feature));
  };

  it('is stable for another sample of the same, and names the feature that moved', () => {
    const same = driftsOf(customers(testSeed() + 1, 0));
    expect(overallDrift(same).level).toBe('stable');
    const moved = driftsOf(customers(testSeed() + 1, 0.5));
    expect(moved.filter(({ level }) => level !== 'stable').map(({ feature }) => feature)).toEqual([
      'spend',
    ]);
    expect(overallDrift(moved)).toEqual({ level: 'alarm', maxPsi: moved[3]?.psi });
  });
});
