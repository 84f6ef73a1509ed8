/**
 * Goal: the adapters of one process keep every promise of their ports, and hold no more than they may.
 * Method: the conformance suites with a clock in the spec's hand; then what is special about living in one process.
 */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@kiki/testing';
import { cacheConformance } from './cache.conformance.js';
import { InProcessCache } from './in-process-cache.js';
import { InProcessLocks } from './in-process-locks.js';
import { InProcessRateLimiter } from './in-process-rate-limiter.js';
import { locksConformance } from './locks.conformance.js';
import { rateLimiterConformance } from './rate-limiter.conformance.js';

cacheConformance('InProcessCache', async (limits) => {
  const clock = new FakeClock();
  const cache = new InProcessCache(clock, limits);
  const foreign = new InProcessCache(clock, limits);
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  return { cache, foreign, pass, bytes: async () => cache.bytes };
});

locksConformance('InProcessLocks', async () => {
  const clock = new FakeClock();
  const locks = new InProcessLocks(clock);
  return { locks, peer: locks, pass: (ms) => clock.advance(ms) };
});

rateLimiterConformance('InProcessRateLimiter', async () => {
  const clock = new FakeClock();
  const limiter = new InProcessRateLimiter(clock);
  return { limiter, peer: limiter, pass: (ms) => clock.advance(ms), isTimeOurs: true };
});

describe('in one process', () => {
  it('a value ends at its time to live and not a millisecond before, from the first instant on', async () => {
    const clock = new FakeClock();
    const cache = new InProcessCache(clock);
    await cache.set('k', 1, 1000);
    await clock.advance(999);
    expect(await cache.get('k')).toBe(1);
    await clock.advance(2);
    expect(await cache.get('k')).toBeUndefined();
  });

  it('the least recently used value goes first', async () => {
    const cache = new InProcessCache(new FakeClock(), { maxBytes: 1000 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, 'x'.repeat(80), 1000);
    await cache.get('a');
    await cache.set('d', 'x'.repeat(80), 1000);
    expect(await cache.get('b')).toBeUndefined();
    expect(await cache.get('a')).toBeDefined();
  });

  it('a lease ends at its time to live and not a millisecond before', async () => {
    const clock = new FakeClock();
    const locks = new InProcessLocks(clock);
    const lease = await locks.acquire('a', 1000);
    await clock.advance(999);
    expect(await locks.acquire('a', 1000)).toBeUndefined();
    expect(await lease?.renew(500)).toBe(true);
    await clock.advance(499);
    expect(await locks.acquire('a', 1000)).toBeUndefined();
    await clock.advance(1);
    expect(await locks.acquire('a', 1000)).toBeDefined();
  });

  it('fences grow over a restart of the process', async () => {
    const clock = new FakeClock();
    const before = await new InProcessLocks(clock).acquire('a', 1000);
    await clock.advance(1);
    const after = await new InProcessLocks(clock).acquire('a', 1000);
    expect(after!.fence > before!.fence).toBe(true);
  });

  it('the limiter forgets dry buckets only, and refuses new keys rather than letting an old one off', async () => {
    const clock = new FakeClock();
    const limiter = new InProcessRateLimiter(clock, { maxKeys: 10 });
    const limit = { ratePerSecond: 1, burst: 1 };
    for (let i = 0; i < 10; i++) await limiter.take(`k${i}`, limit);
    expect(await limiter.take('new', limit)).toMatchObject({
      isAllowed: false,
      retryAfterMs: 1000,
    });
    expect(await limiter.take('k0', limit)).toMatchObject({ isAllowed: false });
    expect(limiter.size).toBe(10);
    await clock.advance(1000);
    expect(await limiter.take('new', limit)).toMatchObject({ isAllowed: true });
    expect(limiter.size).toBe(1);
  });
});
