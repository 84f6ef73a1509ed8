/**
 * Goal: whoever asks gets their own outputs, in few runs, whatever others ask at the same time. Method: a graph that doubles
 * its rows, held back by hand.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OnnxDeclaration } from '../../domain/onnx-declaration.js';
import type { OnnxInput } from '../../domain/onnx-input.js';
import { JoinedRuns } from './joined-runs.js';

const [one, other] = [{ name: 'one' }, { name: 'other' }] as OnnxDeclaration[];
const inputOf = (values: readonly number[]): OnnxInput => ({
  rows: values.length,
  data: Float64Array.from(values),
});

function doubling() {
  const runs: number[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const joined = new JoinedRuns(async (_declaration, { rows, data }) => {
    runs.push(rows);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return Float64Array.from(data, (value) => 2 * value);
  });
  const open = async (): Promise<void> => {
    gates.shift()?.resolve();
    await new Promise(setImmediate);
  };
  return { runs, gates, joined, open };
}

describe('runs', () => {
  it('that wait are one run; each gets their own outputs', async () => {
    const { runs, joined, open } = doubling();
    const answers = [[1], [2, 3], [], [4]].map((values) => joined.run(one!, inputOf(values)));
    await open();
    await open();
    const got = await Promise.all(answers);
    expect(got.map((outputs) => [...outputs])).toEqual([[2], [4, 6], [], [8]]);
    expect(runs).toEqual([1, 3]);
  });

  it('of another declaration, or of too many rows, wait for their own', async () => {
    const { runs, joined, open } = doubling();
    const big = Array<number>(9_999).fill(1);
    const asked = [
      [one, [1]],
      [one, [2]],
      [other, [3]],
      [one, [4]],
      [one, big],
      [one, [5]],
    ] as const;
    const answers = asked.map(([declaration, values]) => joined.run(declaration!, inputOf(values)));
    for (let i = 0; i < 6; i++) await open();
    await Promise.all(answers);
    expect(runs).toEqual([1, 1, 1, 10_000, 1]);
  });

  it('that fail are the failure of those in them, not of the next', async () => {
    const { gates, joined, open } = doubling();
    const first = joined.run(one!, inputOf([1]));
    const [second, third] = [joined.run(one!, inputOf([2])), joined.run(one!, inputOf([3]))];
    await open();
    const later = joined.run(one!, inputOf([4]));
    gates.shift()?.reject(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    await expect(third).rejects.toThrow('gone');
    await new Promise(setImmediate);
    await open();
    expect([...(await first), ...(await later)]).toEqual([2, 8]);
  });

  it('give everybody twice what they asked, however they come', async () => {
    const batches = fc.array(fc.array(fc.integer(), { maxLength: 5 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(batches, fc.scheduler(), async (all, scheduler) => {
        const joined = new JoinedRuns(async (_declaration, { data }) => {
          await scheduler.schedule(Promise.resolve());
          return Float64Array.from(data, (value) => 2 * value);
        });
        const answers = all.map((values) => joined.run(one!, inputOf(values)));
        await scheduler.waitFor(Promise.all(answers));
        const got = (await Promise.all(answers)).map((outputs) => [...outputs]);
        expect(got).toEqual(all.map((values) => values.map((value) => 2 * value)));
      }),
      { numRuns: 50 },
    );
  });
});
