/**
 * Goal: whatever happens in whatever order, the ledger answers and counts exactly as its rules say.
 * Method: random commands on a shard whose store is a map with the CHECK of the real table, beside
 * a reference that counts nothing and sums the whole history anew: holds (elastic too), captures in
 * parts, voids, refunds, entries, repetitions, conflicts, expiry, limits that change, pauses, late
 * spend, clocks that jump; one by one and in batches, on counters that are kept or read anew.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DRAW_LENGTH, type Draw } from './model/model-draws.js';
import { ModelRun } from './model/model-run.js';
import { SETUP_DRAWS } from './model/model-setup.js';

const draw: fc.Arbitrary<Draw> = fc.array(fc.nat(2 ** 31 - 1), {
  minLength: DRAW_LENGTH,
  maxLength: DRAW_LENGTH,
});

describe('the book of a shard', () => {
  it('answers and counts as the reference', () => {
    let commands = 0;
    let approved = 0;
    fc.assert(
      fc.property(
        fc.array(draw, { minLength: SETUP_DRAWS, maxLength: SETUP_DRAWS }),
        fc.array(draw, { minLength: 20, maxLength: 100 }),
        (setup, steps) => {
          const run = new ModelRun(setup);
          for (const step of steps) run.step(step);
          commands += run.commands;
          approved += run.approved;
        },
      ),
      { numRuns: 300 },
    );
    // The runs were no idle ones: money was held in a good part of the commands.
    expect(approved).toBeGreaterThan(commands / 20);
  });
});
