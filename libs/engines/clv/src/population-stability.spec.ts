/**
 * Goal: the stability index is the textbook's, is zero for the same population and rises with every shift. Method:
 * counts worked out by hand; samples of a seeded generator.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import {
  BinCounter,
  decilesOf,
  populationStability,
  stabilityIndex,
} from './population-stability.js';

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
});

describe('decilesOf', () => {
  it('puts a tenth into each bin, and counts what it is given', () => {
    const { edges, counts } = decilesOf(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(edges).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(counts).toEqual(Array<number>(10).fill(100));
  });

  it('keeps ties together', () => {
    const { edges, counts } = decilesOf([
      ...Array<number>(80).fill(0),
      ...Array<number>(20).fill(3),
    ]);
    expect(edges).toEqual([0, 3]);
    expect(counts).toEqual([80, 20, 0]);
  });

  it('of nobody is one empty bin', () => {
    expect(decilesOf([])).toEqual({ edges: [], counts: [0] });
  });

  it('counts every value once, for any sample', () => {
    const random = new SeededRandom(testSeed());
    for (let round = 0; round < 50; round++) {
      const sample = Array.from({ length: 1 + random.nextInt(300) }, () => random.nextInt(40) / 7);
      const { edges, counts } = decilesOf(sample);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sample.length);
      expect(edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? 0))).toBe(true);
      const again = new BinCounter(edges);
      sample.forEach((value) => again.add(value));
      expect(again.counts).toEqual(counts);
    }
  });
});

describe('populationStability', () => {
  it('calls equal populations stable and a shifted one drifted', () => {
    const reference = Array.from({ length: 1000 }, (_, i) => i);
    expect(populationStability(reference, reference)).toBeCloseTo(0, 12);
    expect(
      populationStability(
        reference,
        reference.map((value) => value + 20),
      ),
    ).toBeLessThan(0.1);
    expect(
      populationStability(
        reference,
        reference.map((value) => value + 300),
      ),
    ).toBeGreaterThan(0.2);
    expect(populationStability([], reference)).toBeNull();
  });

  it('puts tied values into one bin', () => {
    const sample = (zeros: number): number[] => [
      ...Array<number>(zeros).fill(0),
      ...Array<number>(100 - zeros).fill(3),
    ];
    expect(populationStability(sample(80), sample(50))).toBeCloseTo(
      stabilityIndex([80, 20, 0], [50, 50, 0]),
      12,
    );
  });
});
