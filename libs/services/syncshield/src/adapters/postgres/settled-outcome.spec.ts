/**
 * Goal: a transaction is repeated only while that is safe and useful, and nobody is told "failed"
 * about a decision that may have been taken. Method: runs that fail as told, on a clock that does
 * not wait.
 */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@kiki/testing';
import { kernelErrors } from '@kiki/kernel';
import { postgresErrors } from '@kiki/postgres';
import { untilKnown } from './settled-outcome.js';

const lost = postgresErrors.commit_unknown();
const away = kernelErrors.unavailable();
const sql = (code: string) => Object.assign(new Error(code), { code });

async function runWith(failures: readonly Error[], unknownForMs = 5_000) {
  const clock = new FakeClock();
  let runs = 0;
  const result = untilKnown(
    () => {
      const failure = failures[runs++];
      return failure === undefined ? Promise.resolve('done') : Promise.reject(failure);
    },
    { clock, unknownForMs },
  );
  const settled = result.catch((error: unknown) => error as { code?: string });
  for (let i = 0; i < 40; i++) await clock.advance(1_000);
  const value = await settled;
  return { runs, outcome: typeof value === 'string' ? value : value.code };
}

describe('untilKnown', () => {
  it('asks again after a lost answer, through an outage too', async () => {
    expect(await runWith([lost])).toEqual({ runs: 2, outcome: 'done' });
    expect(await runWith([lost, away, lost])).toEqual({ runs: 4, outcome: 'done' });
  });

  it('says that the decision is not known when it never heard', async () => {
    const { outcome, runs } = await runWith(Array.from({ length: 99 }, () => lost));
    expect(outcome).toBe('decision_unknown');
    expect(runs).toBeGreaterThan(3);
    expect(await runWith([lost, sql('42601')])).toEqual({ runs: 2, outcome: 'decision_unknown' });
  });

  it('repeats what was not decided, but not for ever', async () => {
    expect(await runWith([away])).toEqual({ runs: 2, outcome: 'done' });
    expect(await runWith([sql('23505')])).toEqual({ runs: 2, outcome: 'done' });
    const { outcome, runs } = await runWith(Array.from({ length: 99 }, () => away));
    expect({ outcome, runs }).toEqual({ outcome: 'unavailable', runs: 5 });
  });

  it('passes other errors on, a broken invariant by its name', async () => {
    expect(await runWith([sql('42601')])).toEqual({ runs: 1, outcome: '42601' });
    expect(await runWith([sql('23514')])).toEqual({ runs: 1, outcome: 'ledger_inconsistent' });
  });
});
