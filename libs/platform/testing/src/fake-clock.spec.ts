/** Goal: tests own time. Method: sleepers that record when they wake. */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from './fake-clock.js';
import { waitFor } from './wait-for.js';

describe('FakeClock', () => {
  it('wakes sleepers in order, each at its own instant, also those that sleep again', async () => {
    const clock = new FakeClock(1000);
    const woken: [string, number][] = [];
    const note = (name: string) => (): void => void woken.push([name, clock.nowMs()]);
    void clock.sleep(30).then(note('late'));
    void clock
      .sleep(10)
      .then(note('early'))
      .then(() => clock.sleep(15))
      .then(note('again'));
    await clock.advance(29);
    expect(woken).toEqual([
      ['early', 1010],
      ['again', 1025],
    ]);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    expect(woken.at(-1)).toEqual(['late', 1030]);
  });

  it('rejects a sleep that is aborted', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const sleep = clock.sleep(10, abort.signal);
    abort.abort();
    await expect(sleep).rejects.toMatchObject({ code: 'cancelled' });
    expect(clock.sleeping).toBe(0);
  });

  it('moves the wall clock without the monotonic one', async () => {
    const clock = new FakeClock(0);
    await clock.advance(5);
    clock.setWallClock(1_000_000);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000_000, 5]);
  });
});

describe('waitFor', () => {
  it('returns the first truthy value', async () => {
    let calls = 0;
    expect(await waitFor(() => (++calls > 2 ? calls : undefined), { everyMs: 1 })).toBe(3);
  });

  it('says what it waited for and why it failed', async () => {
    const cause = new Error('not yet');
    const waiting = waitFor(() => Promise.reject(cause), {
      timeoutMs: 5,
      everyMs: 1,
      what: 'rain',
    });
    await expect(waiting).rejects.toMatchObject({ message: 'Waited 5 ms for rain.', cause });
  });
});
