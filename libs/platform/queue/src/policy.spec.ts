/** Goal: backoff grows, is jittered and bounded; ids survive every character. Method: properties over seeded generators. */
import { describe, expect, it } from '@jest/globals';
import { DomainError, kernelErrors, SeededRandom } from '@kiki/kernel';
import fc from 'fast-check';
import { producerJobId, storedJobId } from './job-id.js';
import { backoffMs, isWorthRetrying, reasonOf } from './policy.js';

describe('backoff', () => {
  it('lies between half and the whole of 500 ms doubled per failure, at most five minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer(), (failures, seed) => {
        const full = Math.min(300_000, 500 * 2 ** (failures - 1));
        const ms = backoffMs(failures, new SeededRandom(seed));
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      }),
    );
  });

  it('spreads jobs that failed together', () => {
    const random = new SeededRandom(1);
    const delays = new Set(Array.from({ length: 100 }, () => backoffMs(5, random)));
    expect(delays.size).toBeGreaterThan(90);
  });

  it('is never shorter than the error asks for, and never longer than five minutes for that', () => {
    const asked = (retryAfterMs: number): DomainError =>
      kernelErrors.unavailable(undefined, { retryAfterMs });
    expect(backoffMs(1, new SeededRandom(1), asked(20_000))).toBe(20_000);
    expect(backoffMs(1, new SeededRandom(1), asked(9e9))).toBe(300_000);
    expect(backoffMs(1, new SeededRandom(1), asked(1))).toBeGreaterThanOrEqual(250);
  });
});

describe('errors', () => {
  it('that say no are final; those of a store, a bug or a library are tried again', () => {
    expect(isWorthRetrying(kernelErrors.invalid_request())).toBe(false);
    expect(isWorthRetrying(kernelErrors.internal())).toBe(false);
    expect(isWorthRetrying(kernelErrors.unavailable())).toBe(true);
    expect(isWorthRetrying(kernelErrors.deadline_exceeded())).toBe(true);
    expect(isWorthRetrying(new TypeError('x'))).toBe(true);
    expect(isWorthRetrying('x')).toBe(true);
  });

  it('are one line with their code in front', () => {
    expect(reasonOf(kernelErrors.unavailable('Gone.'))).toBe('unavailable: Gone.');
    expect(reasonOf(new Error('x'))).toBe('x');
    expect(reasonOf(7)).toBe('7');
  });
});

describe('job ids', () => {
  const text = fc
    .string({ minLength: 1, maxLength: 60, unit: 'binary' })
    .filter((id) => id.isWellFormed() && !id.includes('\0'));
  const tenant = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/);

  it('come back as their producer gave them and carry no colon in the store', () => {
    fc.assert(
      fc.property(tenant, text, (owner, id) => {
        const stored = storedJobId(owner, id);
        expect(stored).not.toContain(':');
        expect(producerJobId(owner, stored)).toBe(id);
      }),
    );
  });

  it('of two tenants never meet', () => {
    fc.assert(
      fc.property(tenant, text, tenant, text, (a, x, b, y) => {
        fc.pre(a !== b || x !== y);
        expect(storedJobId(a, x)).not.toBe(storedJobId(b, y));
      }),
    );
  });
});
