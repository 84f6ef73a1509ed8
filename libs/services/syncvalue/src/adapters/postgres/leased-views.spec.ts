/**
 * Goal: no call is answered by a view older than what was acknowledged before it, and busy tenants are read seldom.
 * Method: a store in memory whose reads take time on a clock in the spec's hand.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@kiki/testing';
import { LEASE_MS, LeasedViews, SEEN_AFTER_MS } from './leased-views.js';
import { SharedReads } from './shared-reads.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('LeasedViews', () => {
  let clock: FakeClock;
  let stored: string;
  let reads: number;
  let views: LeasedViews<string>;

  beforeEach(() => {
    clock = new FakeClock();
    [stored, reads] = ['v1', 0];
    const read = async (): Promise<string> => {
      reads++;
      return stored;
    };
    views = new LeasedViews(read, clock);
  });

  it('reads once for all calls of a lease, and once more for those after it', async () => {
    for (let i = 0; i < 5; i++) expect(await views.get('acme')).toBe('v1');
    expect(reads).toBe(1);
    await clock.advance(LEASE_MS);
    await views.get('acme');
    expect(reads).toBe(2);
    await views.get('other');
    expect(reads).toBe(3);
  });

  it('shows a change to every call after its maker waited, whatever was read just before it', async () => {
    for (const laterMs of [0, 1, 39, 40, 49]) {
      await views.get('acme');
      await clock.advance(laterMs);
      await views.get('acme');
      stored = `v${laterMs + 2}`;
      const seen = views.untilSeen();
      await clock.advance(SEEN_AFTER_MS);
      await seen;
      expect(await views.get('acme')).toBe(stored);
    }
  });

  it('renews before the end without letting a call wait', async () => {
    await views.get('acme');
    await clock.advance(LEASE_MS - 5);
    stored = 'v2';
    expect(await views.get('acme')).toBe('v1');
    await turn();
    await turn();
    expect(await views.get('acme')).toBe('v2');
    expect(reads).toBe(2);
  });

  it('tells a failed read to the call that needed it, and tries again', async () => {
    let isDown = true;
    const flaky = new LeasedViews(async () => {
      if (isDown) throw new Error('down');
      return 'v1';
    }, clock);
    await expect(flaky.get('acme')).rejects.toThrow('down');
    isDown = false;
    expect(await flaky.get('acme')).toBe('v1');
    isDown = true;
    await clock.advance(LEASE_MS - 5);
    expect(await flaky.get('acme')).toBe('v1');
  });
});

describe('SharedReads', () => {
  it('never answers by a read that began before the question', async () => {
    let [now, begun] = [0, 0];
    const shared = new SharedReads(async () => {
      begun++;
      const seen = now;
      await turn();
      return seen;
    });
    const asked: Promise<void>[] = [];
    for (; now < 50; now++) {
      const atMs = now;
      asked.push(shared.get('acme').then((seen) => expect(seen).toBeGreaterThanOrEqual(atMs)));
      if (now % 3 === 0) await turn();
    }
    await Promise.all(asked);
    expect(begun).toBeLessThan(30);
  });

  it('reads the keys of all who ask together, and starts another group when one is full', async () => {
    const groups: string[][] = [];
    const read = async (_tenant: string, keys: readonly string[]): Promise<number> =>
      groups.push([...keys]);
    const shared = new SharedReads(read, 2);
    await Promise.all(['a', 'b', 'a', 'c'].map((key) => shared.get('acme', [key])));
    expect(groups.flat().sort()).toEqual(['a', 'a', 'b', 'c']);
    expect(groups.every((keys) => keys.length <= 2)).toBe(true);
  });
});
