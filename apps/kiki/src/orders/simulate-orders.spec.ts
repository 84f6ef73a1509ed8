/**
 * Goal: the made-up log looks like the process it claims to follow and depends on nothing but the seed.
 * Method: moments against their closed forms, and two runs against each other.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { readOrderLog } from '@kiki/orderlog';
import { SIMULATED_HEADER, simulateOrders } from './simulate-orders.js';
import { beta, exponential, gamma, normal } from './variates.js';

function meanOf(draw: () => number, count = 40_000): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += draw();
  return sum / count;
}

describe('variates', () => {
  const random = new SeededRandom(1);
  it.each([
    ['normal', () => normal(random), 0],
    ['normal squared', () => normal(random) ** 2, 1],
    ['exponential', () => exponential(random, 4), 0.25],
    ['gamma, shape above 1', () => gamma(random, 6, 3), 2],
    ['gamma, shape below 1', () => gamma(random, 0.35, 0.7), 0.5],
    ['beta', () => beta(random, 0.8, 2.4), 0.25],
  ] as const)('%s has its mean', (_name, draw, mean) => {
    expect(Math.abs(meanOf(draw) - mean)).toBeLessThan(0.03);
  });
});

describe('simulateOrders', () => {
  const lines = simulateOrders({ seed: 7 });

  it('is a log that the reader takes whole', () => {
    const { rows, report } = readOrderLog([SIMULATED_HEADER, ...lines].join('\n'));
    expect(report).toMatchObject({ layout: 'csv', skipped: 0, rows: lines.length });
    const customers = new Set(rows.map(({ customerId }) => customerId));
    expect(customers.size).toBe(2_500);
    expect(rows.length).toBeGreaterThan(4_000);
    const times = rows.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('depends on the seed and on nothing else', () => {
    expect(simulateOrders({ seed: 7 })).toEqual(lines);
    expect(simulateOrders({ seed: 8 }).length).not.toBe(lines.length);
  });
});
