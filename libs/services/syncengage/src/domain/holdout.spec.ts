// Goal: the draw is the same for ever, of the asked size, and independent between journeys.
// Method: known values; binomial bounds (five standard deviations) over many customers; properties.
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { armOf, assignmentFraction, type AssignmentKey } from './holdout.js';

const key = (customerId: string, more: Partial<AssignmentKey> = {}): AssignmentKey => ({
  tenant: 'default',
  journeyId: 'winback',
  salt: 'salt',
  customerId,
  ...more,
});

const customers = Array.from({ length: 20_000 }, (_, i) => `c${i}`);

/** Whether a count is within five standard deviations of a binomial's mean. */
function expectBinomial(count: number, n: number, p: number): void {
  expect(Math.abs(count - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)) + 1e-9);
}

describe('the holdout draw', () => {
  it('is the documented hash', () => {
    const hex = createHash('sha256').update('salt\0default\0winback\0c1').digest('hex');
    const bits = BigInt(`0x${hex.slice(0, 16)}`) >> 11n;
    expect(assignmentFraction(key('c1'))).toBe(Number(bits) / 2 ** 53);
  });

  it.each([0, 0.01, 0.1, 0.5, 1])('holds out a share of %p', (share) => {
    const held = customers.filter((id) => armOf(key(id), share) === 'holdout').length;
    expectBinomial(held, customers.length, share);
  });

  it('draws journeys independently of each other', () => {
    const both = customers.filter(
      (id) =>
        armOf(key(id), 0.2) === 'holdout' &&
        armOf(key(id, { journeyId: 'other' }), 0.2) === 'holdout',
    ).length;
    expectBinomial(both, customers.length, 0.04);
  });

  it('spreads evenly: no tenth of the range is favoured', () => {
    const bins = new Array<number>(10).fill(0);
    for (const id of customers) bins[Math.floor(assignmentFraction(key(id)) * 10)]! += 1;
    for (const bin of bins) expectBinomial(bin, customers.length, 0.1);
  });

  it('never takes anybody out again when the share grows, and depends on every part of the key', () => {
    const id = fc.string({ minLength: 1, maxLength: 20 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(id, share, share, (customerId, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        if (armOf(key(customerId), low) === 'holdout') {
          expect(armOf(key(customerId), high)).toBe('holdout');
        }
        const fractions = [
          key(customerId),
          key(customerId, { tenant: 'other' }),
          key(customerId, { salt: 'other' }),
          key(`${customerId}x`),
        ].map(assignmentFraction);
        expect(new Set(fractions).size).toBe(4);
      }),
    );
  });
});
