/** Goal: never more at once than allowed, everybody gets a turn, in order. Method: every interleaving by fast-check. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('lets at most so many run, all in the end, also after failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (s, fails, atOnce) => {
          const turns = new Turns(atOnce);
          let running = 0;
          const begun: number[] = [];
          const all = fails.map((isFailing, i) =>
            turns
              .take(async () => {
                begun.push(i);
                expect(++running).toBeLessThanOrEqual(atOnce);
                await s.schedule(Promise.resolve());
                running--;
                if (isFailing) throw new Error('for the test');
              })
              .catch(() => undefined),
          );
          await s.waitFor(Promise.all(all));
          expect(begun).toEqual(fails.map((_, i) => i));
        },
      ),
    );
  });
});
