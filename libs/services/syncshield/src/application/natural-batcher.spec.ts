/**
 * Goal: callers that come while a run is in flight share the next one, in order, each with its own
 * answers and errors.
 * Method: runs that a test finishes by hand.
 */
import { describe, expect, it } from '@jest/globals';
import { NaturalBatcher } from './natural-batcher.js';

interface Flight {
  readonly items: readonly number[];
  land(): void;
  crash(error: Error): void;
}

function batcher(maxBatch = 100, maxWaiting = 100) {
  const flights: Flight[] = [];
  const of = new NaturalBatcher<number, number>(
    (items) =>
      new Promise((resolve, reject) => {
        const land = (): void => resolve(items.map((item) => item * 10));
        flights.push({ items, land, crash: reject });
      }),
    {
      maxBatch,
      maxWaiting,
      overloaded: (waiting) => new Error(`overloaded by ${waiting}`),
      isWorthSplitting: (error) => (error as Error).message === 'one of you',
    },
  );
  return { of, flights };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('NaturalBatcher', () => {
  it('sends a lone caller at once and everybody who waits together, in order', async () => {
    const { of, flights } = batcher();
    const first = of.submit([1]);
    const rest = [of.submit([2, 3]), of.submit([4])];
    expect(flights.map(({ items }) => items)).toEqual([[1]]);
    expect(of.waiting).toBe(3);
    flights[0]?.land();
    expect(await first).toEqual([10]);
    await settle();
    expect(flights[1]?.items).toEqual([2, 3, 4]);
    flights[1]?.land();
    expect(await Promise.all(rest)).toEqual([[20, 30], [40]]);
    expect(of.waiting).toBe(0);
    void of.submit([5]);
    expect(flights[2]?.items).toEqual([5]);
  });

  it('never splits a submission and never exceeds the batch', async () => {
    const { of, flights } = batcher(3);
    void of.submit([1]);
    void of.submit([2, 3]);
    void of.submit([4, 5]);
    void of.submit([6]);
    for (let flight = 0; flight < 3; flight++) {
      flights[flight]?.land();
      await settle();
    }
    expect(flights.map(({ items }) => items)).toEqual([[1], [2, 3], [4, 5, 6]]);
  });

  it('turns callers away when too many wait', async () => {
    const { of, flights } = batcher(10, 2);
    void of.submit([1]);
    void of.submit([2, 3]);
    await expect(of.submit([4])).rejects.toThrow('overloaded by 2');
    flights[0]?.land();
    await settle();
    flights[1]?.land();
    await settle();
    void of.submit([5]);
    expect(flights[2]?.items).toEqual([5]);
  });

  it('lets each run alone when an error may come from one of them', async () => {
    const { of, flights } = batcher();
    void of.submit([0]);
    const rest = [of.submit([1]), of.submit([2])];
    flights[0]?.land();
    await settle();
    flights[1]?.crash(new Error('one of you'));
    await settle();
    expect(flights[2]?.items).toEqual([1]);
    flights[2]?.crash(new Error('one of you'));
    await expect(rest[0]).rejects.toThrow('one of you');
    await settle();
    flights[3]?.land();
    expect(await rest[1]).toEqual([20]);
  });

  it('fails everybody when nothing is to be gained by splitting, and goes on', async () => {
    const { of, flights } = batcher();
    void of.submit([0]);
    const rest = [of.submit([1]), of.submit([2])];
    flights[0]?.land();
    await settle();
    flights[1]?.crash(new Error('gone'));
    const settled = await Promise.allSettled(rest);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    void of.submit([3]);
    await settle();
    expect(flights[2]?.items).toEqual([3]);
  });
});
