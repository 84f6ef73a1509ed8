/**
 * Goal: nobody is answered with a state older than their view of the log, and nothing is read twice while the log stands
 * still. Method: a log in memory that grows at any moment between views, reads and answers, by fast-check.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import type { CustomerState } from '../../domain/customer-state.js';
import { KeptStates } from './kept-states.js';

function stateAt(customerId: string, transactionCount: bigint): CustomerState {
  return { customerId, history: undefined, transactionCount, refundCount: 0n };
}

describe('KeptStates', () => {
  it('reads a customer once while the log stands still, also one whom nobody knows', async () => {
    const reads: string[][] = [];
    const states = new KeptStates((_tenant, ids) => {
      reads.push([...ids]);
      return Promise.resolve(new Map([['a', stateAt('a', 1n)]]));
    }, 10);
    expect([...(await states.get('t', 1n, ['a', 'nobody'])).keys()]).toEqual(['a']);
    expect([...(await states.get('t', 1n, ['nobody', 'a'])).keys()]).toEqual(['a']);
    expect(reads).toEqual([['a', 'nobody']]);
    await states.get('other', 1n, ['a']);
    await states.get('t', 2n, ['a']);
    expect(reads.slice(1)).toEqual([['a'], ['a']]);
  });

  it('never answers with less than the caller sees, whenever the log grows', async () => {
    const step = fc.constantFrom('grow', 'ask', 'answer');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        let count = 1n;
        const pending: (() => void)[] = [];
        const states = new KeptStates(async () => {
          const seen = count;
          await new Promise<void>((resolve) => pending.push(resolve));
          return new Map([['a', stateAt('a', seen)]]);
        }, 10);
        const answers: Promise<void>[] = [];
        const ask = async (): Promise<void> => {
          const view = count;
          const state = (await states.get('t', view, ['a'])).get('a');
          expect(state?.transactionCount).toBeGreaterThanOrEqual(view);
        };
        for (const next of steps) {
          if (next === 'grow') count++;
          else if (next === 'ask') answers.push(ask());
          else pending.shift()?.();
          await Promise.resolve();
        }
        while (pending.length > 0) {
          pending.shift()?.();
          await Promise.resolve();
        }
        await Promise.all(answers);
      }),
      { seed: testSeed(), numRuns: 300 },
    );
  });
});
