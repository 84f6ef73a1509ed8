/** Goal: ids sort, seeds replay, canonical JSON is a function of the value only. Method: properties. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { SystemClock, type Clock } from './clock.js';
import { DomainError } from './domain-error.js';
import { defineErrors, errorCatalogue } from './error-catalogue.js';
import { uuidv7 } from './ids.js';
import { SeededRandom, SystemRandom } from './random.js';

const at = (ms: number): Clock =>
  new (class extends SystemClock {
    override nowMs(): number {
      return ms;
    }
  })();

describe('ids', () => {
  it('sort by time and carry version and variant', () => {
    const random = new SystemRandom();
    const time = fc.integer({ min: 0, max: 2 ** 48 - 2 });
    fc.assert(
      fc.property(time, fc.integer({ min: 1, max: 1_000_000 }), (ms, later) => {
        const first = uuidv7(at(ms), random);
        const second = uuidv7(at(Math.min(ms + later, 2 ** 48 - 1)), random);
        expect(first).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        return first < second;
      }),
    );
  });
});

describe('random', () => {
  it('replays a seed and differs between seeds', () => {
    const take = (seed: number): number[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 8 }, () => random.nextUint32());
    };
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
  });

  it('is uniform enough and in range', () => {
    const random = new SeededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[random.nextInt(10)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(9_600);
    expect(Math.max(...counts)).toBeLessThan(10_400);
    const doubles = Array.from({ length: 10_000 }, () => random.nextDouble());
    expect(doubles.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(() => random.nextInt(0)).toThrow(RangeError);
  });
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys and agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        const text = canonicalJson(value);
        expect(canonicalJson(shuffled)).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1n, a: undefined, c: [null, 'x'] })).toBe('{"b":1,"c":[null,"x"]}');
    expect(() => canonicalJson({ a: NaN })).toThrow(TypeError);
  });
});

describe('errors', () => {
  it('knows its own across copies and refuses one code with two meanings', () => {
    const { spec_only } = defineErrors({ spec_only: { kind: 'invalid', title: 'A', fix: 'B' } });
    const error = spec_only('why', { fields: [{ field: 'x', expected: 'y' }] });
    expect(DomainError.is(error)).toBe(true);
    expect(DomainError.is(new Error('x'))).toBe(false);
    expect(error).toMatchObject({ code: 'spec_only', kind: 'invalid', isRetryable: false });
    expect(errorCatalogue().get('spec_only')).toBeDefined();
    expect(() => defineErrors({ spec_only: { kind: 'invalid', title: 'C', fix: 'B' } })).toThrow();
  });
});

describe('clock', () => {
  it('sleeps until aborted', async () => {
    const controller = new AbortController();
    const sleeping = new SystemClock().sleep(60_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled' });
  });
});
