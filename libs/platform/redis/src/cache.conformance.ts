/** What every Cache must do; each adapter's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cache } from './ports.js';

/** An adapter under test. */
export interface CacheUnderTest {
  readonly cache: Cache;
  /** Another cache over the same store for another service. */
  readonly foreign: Cache;
  /** Lets at least this many milliseconds of the store's clock go by. */
  pass(ms: number): Promise<void>;
  /** Bytes that lie in the store for `cache` at the moment. */
  bytes(): Promise<number>;
  close?(): Promise<void>;
}

const VALUE_LIMIT = 2000;
const BUDGET = 20_000;
const LONG_MS = 600_000;

/** @param open an empty cache that keeps values up to `maxValueBytes` and `maxBytes` in all */
export function cacheConformance(
  name: string,
  open: (limits: { maxBytes: number; maxValueBytes: number }) => Promise<CacheUnderTest>,
): void {
  describe(`${name} as a Cache`, () => {
    let under: CacheUnderTest;
    let cache: Cache;
    beforeEach(async () => {
      under = await open({ maxBytes: BUDGET, maxValueBytes: VALUE_LIMIT });
      cache = under.cache;
    });
    afterEach(() => under.close?.());

    it('gives back whatever JSON can carry', async () => {
      const keys = fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' });
      const pairs = fc.tuple(keys, fc.jsonValue({ maxDepth: 3 }));
      await fc.assert(
        fc.asyncProperty(pairs, async ([key, value]) => {
          fc.pre(!key.includes('\0') && JSON.stringify(value).length < VALUE_LIMIT);
          fc.pre(!JSON.stringify(value).includes('\\u0000'));
          await cache.set(key, value, LONG_MS);
          expect(await cache.get(key)).toEqual(JSON.parse(JSON.stringify(value)));
        }),
        { numRuns: 50 },
      );
    });

    it('shares no object with anybody', async () => {
      const value = { list: [1] };
      await cache.set('k', value, LONG_MS);
      value.list.push(2);
      const first = await cache.get<typeof value>('k');
      expect(first).toEqual({ list: [1] });
      first?.list.push(3);
      expect(await cache.get('k')).toEqual({ list: [1] });
    });

    it('answers a miss for what was never set, was deleted, or belongs to another service', async () => {
      expect(await cache.get('never')).toBeUndefined();
      await cache.set('k', 1, LONG_MS);
      expect(await under.foreign.get('k')).toBeUndefined();
      await under.foreign.delete('k');
      expect(await cache.get('k')).toBe(1);
      await cache.delete('k');
      await cache.delete('k');
      expect(await cache.get('k')).toBeUndefined();
    });

    it('forgets after the time to live, which a new set begins anew', async () => {
      await cache.set('short', 'a', 30);
      await cache.set('renewed', 'b', 30);
      await cache.set('renewed', 'c', LONG_MS);
      await under.pass(40);
      expect(await cache.get('short')).toBeUndefined();
      expect(await cache.get('renewed')).toBe('c');
    });

    it('does not keep a value that is too large, nor the one it would have replaced', async () => {
      await cache.set('k', 'small', LONG_MS);
      await cache.set('k', 'x'.repeat(VALUE_LIMIT), LONG_MS);
      expect(await cache.get('k')).toBeUndefined();
    });

    it('stays within its byte budget and keeps serving', async () => {
      for (let i = 0; i < 100; i++) await cache.set(`k${i}`, 'x'.repeat(900), LONG_MS + i);
      expect(await under.bytes()).toBeLessThanOrEqual(BUDGET);
      const kept = await Promise.all(Array.from({ length: 100 }, (_, i) => cache.get(`k${i}`)));
      const count = kept.filter((value) => value !== undefined).length;
      expect(count).toBeGreaterThan(5);
      expect(count).toBeLessThan(25);
      for (let i = 0; i < 100; i++) await cache.delete(`k${i}`);
      expect(await under.bytes()).toBe(0);
    });

    it('refuses arguments outside their range, by field', async () => {
      const long = 'k'.repeat(513);
      for (const [key, value, ttlMs, field] of [
        ['', 1, 1000, 'key'],
        [long, 1, 1000, 'key'],
        ['a\0b', 1, 1000, 'key'],
        ['\ud800', 1, 1000, 'key'],
        ['k', 1, 0, 'ttlMs'],
        ['k', 1, -1, 'ttlMs'],
        ['k', 1, NaN, 'ttlMs'],
        ['k', 1, 31 * 24 * 3_600_000, 'ttlMs'],
        ['k', undefined, 1000, 'value'],
        ['k', 1n, 1000, 'value'],
      ] as const) {
        await expect(cache.set(key, value, ttlMs)).rejects.toMatchObject({
          code: 'shared_state_argument',
          details: { fields: [{ field }] },
        });
      }
    });
  });
}
