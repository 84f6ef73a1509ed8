/**
 * Goal: never more than the capacity, in order, and an aborted wait leaves no hole. Method: slots taken and
 * given by hand.
 */
import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

const never = new AbortController().signal;

describe('Slots', () => {
  it('hands slots on in the order of arrival', async () => {
    const slots = new Slots(1);
    const seen: number[] = [];
    const first = await slots.take(never);
    const second = slots.take(never).then((release) => (seen.push(2), release));
    const third = slots.take(never).then((release) => (seen.push(3), release));
    expect(slots.taken).toBe(1);
    first();
    first();
    (await second)();
    (await third)();
    expect(seen).toEqual([2, 3]);
    expect(slots.taken).toBe(0);
  });

  it('forgets who gave up waiting', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    const impatient = new AbortController();
    const waiting = slots.take(impatient.signal);
    impatient.abort(new Error('too long'));
    await expect(waiting).rejects.toThrow('too long');
    release();
    expect(slots.taken).toBe(0);
    (await slots.take(never))();
    await expect(slots.take(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  });

  it('tells how many are taken', async () => {
    const slots = new Slots(2);
    const counts: number[] = [];
    slots.onChange = (taken) => counts.push(taken);
    const [a, b] = [await slots.take(never), await slots.take(never)];
    a();
    b();
    expect(counts).toEqual([1, 2, 1, 0]);
  });
});
