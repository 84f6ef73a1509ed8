/**
 * Goal: the stability index is the textbook's, is zero for the same population and rises with every shift.
 * Method: counts worked out by hand; samples of a seeded generator.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { driftLevel, featureDrifts, overallDrift, stabilityIndex } from './drift.js';
import { PopulationCounter } from './population-counter.js';
import { BinCounter, populationProfile, profileOf } from './population-profile.js';

describe('stabilityIndex', () => {
  it('is Σ (q − p) ln(q / p), of shares with half a customer more in every bin', () => {
    const [p, q] = [100.5 / 201, 150.5 / 201];
    const expected = (q - p) * Math.log(q / p) + (p - q) * Math.log((1 - q) / (1 - p));
    expect(stabilityIndex([100, 100], [150, 50])).toBeCloseTo(expected, 12);
  });

  it('is zero for equal shares, symmetric up to the added halves, and finite for an empty bin', () => {
    expect(stabilityIndex([70, 30], [70, 30])).toBe(0);
    const [there, back] = [stabilityIndex([90, 10], [50, 50]), stabilityIndex([50, 50], [90, 10])];
    expect(there).toBeCloseTo(back, 12);
    expect(stabilityIndex([50, 50], [100, 0])).toBeLessThan(Infinity);
  });

  it('means watch from .1 and alarm from .2, and nothing of fewer than 100 customers', () => {
    expect([0.0999, 0.1, 0.1999, 0.2].map((psi) => driftLevel(psi, 100))).toEqual([
      ...['stable', 'watch', 'watch', 'alarm'],
    ]);
    expect(driftLevel(5, 99)).toBe('unknown');
  });
});

describe('profileOf', () => {
  it('puts a tenth into each bin, and counts what it is given', () => {
    const { edges, counts } = profileOf(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(edges).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(counts).toEqual(Array<number>(10).fill(100));
  });

  it('keeps ties together', () => {
    const { edges, counts } = profileOf([
      ...Array<number>(80).fill(0),
      ...Array<number>(20).fill(3),
    ]);
    expect(edges).toEqual([0, 3]);
    expect(counts).toEqual([80, 20, 0]);
  });

  it('of nobody is one empty bin', () => {
    expect(profileOf([])).toEqual({ edges: [], counts: [0] });
  });

  it('counts every value once, for any sample', () => {
    const random = new SeededRandom(testSeed());
    for (let round = 0; round < 50; round++) {
      const sample = Array.from({ length: 1 + random.nextInt(300) }, () => random.nextInt(40) / 7);
      const { edges, counts } = profileOf(sample);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sample.length);
      expect(edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? 0))).toBe(true);
      const again = new BinCounter(edges);
      sample.forEach((value) => again.add(value));
      expect(again.counts).toEqual(counts);
    }
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
