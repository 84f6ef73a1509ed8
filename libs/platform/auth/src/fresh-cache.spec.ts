// Goal: nothing older than the maximum age is given out, a change told during a load is not lost, floods cost one
// statement at a time. Method: a clock and loads in the spec's hand.
import { describe, expect, it } from '@jest/globals';
import { Clock } from '@kiki/kernel';
import { FreshCache } from './fresh-cache.js';

class HandClock extends Clock {
  ms = 0;
  override nowMs(): number {
    return this.ms;
  }
  override monotonicMs(): number {
    return this.ms;
  }
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp(rows: Map<string, string>) {
  const clock = new HandClock();
  const loads: string[][] = [];
  const gate: { wait?: Promise<void> } = {};
  const cache = new FreshCache<string>({
    clock,
    maxEntries: 50,
    load: async (ids) => {
      loads.push([...ids]);
      const seen = new Map(rows);
      await gate.wait;
      return seen;
    },
  });
  return { clock, loads, gate, cache };
}

describe('FreshCache', () => {
  it('loads once, remembers also what does not exist, and asks again when a second is over', async () => {
    const rows = new Map([['a', '1']]);
    const { clock, loads, cache } = setUp(rows);
    expect(await cache.get('a')).toBe('1');
    expect(await cache.get('b')).toBeNull();
    clock.ms = 500;
    expect(cache.peek('a')).toBe('1');
    expect(cache.peek('b')).toBeNull();
    expect(loads).toHaveLength(2);
    clock.ms = 1_000;
    rows.set('a', '2');
    expect(cache.peek('a')).toBeUndefined();
    expect(await cache.get('a')).toBe('2');
  });

  it('refreshes a value in use before it ages out', async () => {
    const rows = new Map([['a', '1']]);
    const { clock, loads, cache } = setUp(rows);
    await cache.get('a');
    rows.set('a', '2');
    clock.ms = 700;
    expect(cache.peek('a')).toBe('1');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(cache.peek('a')).toBe('2');
    expect(loads).toHaveLength(2);
  });

  it('batches what arrives together and runs one statement at a time', async () => {
    const { loads, gate, cache } = setUp(new Map());
    let open = (): void => undefined;
    gate.wait = new Promise((resolve) => (open = resolve));
    const early = Array.from({ length: 20 }, (_, i) => cache.get(`early${i}`));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const late = Array.from({ length: 20 }, (_, i) => cache.get(`late${i}`));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(loads).toHaveLength(1);
    open();
    await Promise.all([...early, ...late]);
    expect(loads.map((ids) => ids.length)).toEqual([20, 20]);
  });

  it('does not keep what a change overtook while it was loading', async () => {
    const rows = new Map([['a', 'old']]);
    const { gate, loads, cache } = setUp(rows);
    let open = (): void => undefined;
    gate.wait = new Promise((resolve) => (open = resolve));
    const answer = cache.get('a');
    await new Promise((resolve) => setTimeout(resolve, 10));
    rows.set('a', 'new');
    cache.invalidate('a');
    open();
    expect(await answer).toBe('new');
    expect(loads).toHaveLength(2);
  });

  it('shares a failed load with everyone who waited for it and tries again afterwards', async () => {
    let attempts = 0;
    const clock = new HandClock();
    const load = (): Promise<Map<string, string>> =>
      ++attempts === 1 ? Promise.reject(new Error('away')) : Promise.resolve(new Map([['a', '1']]));
    const cache = new FreshCache<string>({ clock, load });
    const answers = await Promise.allSettled([cache.get('a'), cache.get('a'), cache.get('b')]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(attempts).toBe(1);
    expect(await cache.get('a')).toBe('1');
  });

  it('holds a bounded number of entries', async () => {
    const { cache } = setUp(new Map());
    await Promise.all(Array.from({ length: 200 }, (_, i) => cache.get(`x${i}`)));
    const known = Array.from({ length: 200 }, (_, i) => cache.peek(`x${i}`));
    expect(known.filter((value) => value !== undefined)).toHaveLength(50);
  });
});
