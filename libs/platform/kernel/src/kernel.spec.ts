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

describe('ids of one millisecond', () => {
  it('are all different and carry the time of their making', () => {
    const random = new SystemRandom();
    const ms = Date.UTC(2026, 0, 1);
    const ids = Array.from({ length: 10_000 }, () => uuidv7(at(ms), random));
    expect(new Set(ids).size).toBe(10_000);
    for (const id of ids) expect(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(ms);
  });

  it('sort like the instants they were made at, in any order of making', () => {
    const random = new SeededRandom(5);
    const instants = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 48 - 1 }), { minLength: 2 });
    fc.assert(
      fc.property(instants, (times) => {
        const made = times.map((ms) => ({ ms, id: uuidv7(at(ms), random) }));
        const byId = made.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ ms }) => ms);
        expect(byId).toEqual(times.toSorted((a, b) => a - b));
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
    const few = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    const many = fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.string(), {
      minKeys: 20,
      maxKeys: 40,
    });
    const naive = (value: object): string =>
      JSON.stringify(
        Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
        (key, member: unknown) => (key === '' ? member : canonicalJson(member)),
      );
    const parts = (value: object): object =>
      Object.fromEntries(Object.entries(value).map(([k, v]) => [`k${k}`, v as unknown]));
    fc.assert(
      fc.property(fc.oneof(few, many), (value) => {
        const texts = Object.entries(parts(value)).map(([k, v]) => [k, canonicalJson(v)]);
        expect(canonicalJson(Object.fromEntries(texts))).toBe(naive(parts(value)));
      }),
    );
    expect(canonicalJson({ b: 1n, a: undefined, c: [null, 'x'] })).toBe('{"b":1,"c":[null,"x"]}');
    expect(() => canonicalJson({ a: NaN })).toThrow(TypeError);
  });
});

describe('canonicalJson as a signed text', () => {
  it('differs whenever the values differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSame = canonicalJson(a) === canonicalJson(b);
        expect(isSame).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  it('sorts keys by UTF-16 code units at every depth, and keeps the order of lists', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '1': 3,
      '\ud83d\ude00': 4,
      '\ufb33': { b: 1, a: [3, 1, 2] },
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":3,"\u20ac":1,"\ud83d\ude00":4,"\ufb33":{"a":[3,1,2],"b":1}}',
    );
  });

  it('writes an integer the same as bigint and as number, and a date as its instant', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => canonicalJson(BigInt(n)) === canonicalJson(n)),
    );
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
    expect(canonicalJson([undefined, -0])).toBe('[null,0]');
    for (const bad of [NaN, Infinity, [-Infinity]])
      expect(() => canonicalJson(bad)).toThrow(TypeError);
  });
});

/** The same value with its keys in order: the slow way round. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => ({ key, member: sorted(member) }))
    .concat([{ key: 'object', member: true }]);
}

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

  it('never wakes early by its own monotonic clock', async () => {
    const clock = new SystemClock();
    const early: number[] = [];
    const sleeper = async (_: unknown, index: number): Promise<void> => {
      for (const ms of [1, 2.5, 5, 10, 25]) {
        const fromMs = clock.monotonicMs();
        await clock.sleep(ms);
        const sleptMs = clock.monotonicMs() - fromMs;
        if (sleptMs < ms) early.push(sleptMs - ms);
        await new Promise((resolve) => setTimeout(resolve, index % 4));
      }
    };
    await Promise.all(Array.from({ length: 200 }).map(sleeper));
    expect(early).toEqual([]);
  });

  it('sleeps longer than the longest timer of Node', async () => {
    const controller = new AbortController();
    let isAwake = false;
    const sleeping = new SystemClock().sleep(2 ** 40, controller.signal).then(
      () => (isAwake = true),
      () => undefined,
    );
    await new SystemClock().sleep(20);
    expect(isAwake).toBe(false);
    controller.abort();
    await sleeping;
  });
});
