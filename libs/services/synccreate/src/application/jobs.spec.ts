/**
 * Goal: no creative is made unpaid, nothing paid stays unmade without the money going back, whatever fails in between. Method: the use cases
 * over stores in memory; then random histories of outages, faults and repetitions, after which a recount must balance.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { kernelErrors, SeededRandom } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { FakeClock } from '@kiki/testing';
import { errors } from '../errors.js';
import type { JobWork } from '../domain/job.js';
import { AwaitJob } from './await-job.js';
import { ListDispatch, MemoryBudget, MemoryJobs, NoObserver } from './jobs.fixture.js';
import type { MakeCreatives } from './make-creatives.js';
import { RunJob } from './run-job.js';
import { SettleHolds } from './settle-holds.js';
import { SubmitJob } from './submit-job.js';
import { TendJobs } from './tend-jobs.js';
import type { ValidateImage } from './validate-image.js';

const work: JobWork = {
  kind: 'generate',
  request: {
    brief: { product: { name: 'Mug', features: [] }, brand: { name: 'N', colors: [] }, seed: 1 },
    variants: 3,
    platform: 'meta_1_1',
  },
};

function setUp(limitMicros = 1000n) {
  const jobs = new MemoryJobs();
  const budgets = new MemoryBudget(limitMicros, () => kernelErrors.unavailable());
  const dispatch = new ListDispatch();
  const clock = new FakeClock();
  const observer = new NoObserver();
  const source = { clock, random: new SeededRandom(1) };
  const submit = new SubmitJob(jobs, budgets, dispatch, observer, source);
  const settle = new SettleHolds(jobs, budgets, new SilentLogger());
  /** Creatives that were made, by job; a fault is thrown once. */
  const made = new Map<string, number>();
  const faults: Error[] = [];
  const make = {
    execute: async ({ jobId }: { jobId: string }) => {
      const fault = faults.shift();
      if (fault) throw fault;
      made.set(jobId, (made.get(jobId) ?? 0) + 1);
      return [];
    },
  } as unknown as MakeCreatives;
  const validate = {} as ValidateImage;
  const run = new RunJob(jobs, { make, validate }, { budgets, settle }, observer);
  const attempt = (jobId: string, isLast = false) =>
    run.execute({
      tenant: 't',
      jobId,
      isLast,
      signal: new AbortController().signal,
      progress: () => Promise.resolve(),
    });
  const tend = new TendJobs(jobs, settle, dispatch, clock, 90);
  return { jobs, budgets, dispatch, clock, submit, settle, made, faults, attempt, tend };
}

describe('a job with a budget', () => {
  it('is held for before it is queued, and captured when it is done', async () => {
    const { submit, dispatch, attempt, jobs, budgets } = setUp();
    const job = await submit.execute({ tenant: 't', work, budgetId: 'b' });
    expect(job).toMatchObject({ status: 'queued', hold: { state: 'held', amountMicros: 30n } });
    expect(dispatch.tickets).toEqual([job.id]);
    await attempt(job.id);
    expect(await jobs.find('t', job.id)).toMatchObject({
      status: 'done',
      hold: { state: 'captured' },
    });
    expect([budgets.sum('captured'), budgets.sum('held')]).toEqual([30n, 0n]);
  });

  it('is denied, not queued and not made when the budget is spent', async () => {
    const { submit, dispatch, made, jobs } = setUp(29n);
    const job = await submit.execute({ tenant: 't', work, budgetId: 'b' });
    expect(job).toMatchObject({
      status: 'denied',
      hold: { state: 'denied', reason: 'cap_exceeded' },
    });
    expect(await jobs.find('t', job.id)).toMatchObject({ status: 'denied' });
    expect([dispatch.tickets, made.size]).toEqual([[], 0]);
  });

  it('is refused while nobody can be asked', async () => {
    const { submit, dispatch, budgets, jobs } = setUp();
    budgets.isDown = true;
    await expect(submit.execute({ tenant: 't', work, budgetId: 'b' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(dispatch.tickets).toEqual([]);
    expect([...jobs.all.values()]).toMatchObject([
      { status: 'failed', error: { code: 'unavailable' } },
    ]);
  });

  it('gives back money whose answer was lost', async () => {
    const { submit, budgets, settle } = setUp();
    budgets.losesAnswers = true;
    await expect(submit.execute({ tenant: 't', work, budgetId: 'b' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(budgets.sum('held')).toBe(30n);
    await settle.execute();
    expect(budgets.sum('held')).toBe(0n);
  });

  it('gives the money back when it cannot be made', async () => {
    const { submit, attempt, faults, jobs, budgets } = setUp();
    const { id } = await submit.execute({ tenant: 't', work, budgetId: 'b' });
    faults.push(errors.image_fetch_failed('not there'));
    await attempt(id);
    expect(await jobs.find('t', id)).toMatchObject({
      status: 'failed',
      error: { code: 'image_fetch_failed', detail: 'not there' },
      hold: { state: 'voided' },
    });
    expect(budgets.sum('held')).toBe(0n);
  });

  it('is tried again after a fault that may pass, and fails at the last attempt', async () => {
    const { submit, attempt, faults, jobs } = setUp();
    const { id } = await submit.execute({ tenant: 't', work });
    faults.push(new Error('disk'), new Error('disk'));
    await expect(attempt(id)).rejects.toThrow('disk');
    expect(await jobs.find('t', id)).toMatchObject({ status: 'running' });
    await attempt(id, true);
    expect(await jobs.find('t', id)).toMatchObject({
      status: 'failed',
      error: { code: 'internal' },
    });
  });

  it('settles later what SyncShield could not be told', async () => {
    const { submit, attempt, budgets, settle, jobs } = setUp();
    const { id } = await submit.execute({ tenant: 't', work, budgetId: 'b' });
    budgets.isDown = true;
    await attempt(id);
    expect(await jobs.find('t', id)).toMatchObject({ status: 'done', hold: { state: 'held' } });
    budgets.isDown = false;
    expect(await settle.execute()).toBe(1);
    expect(budgets.sum('captured')).toBe(30n);
  });

  it('is queued again when its ticket was lost, and given up after an hour', async () => {
    const { submit, dispatch, clock, tend, jobs } = setUp();
    const { id } = await submit.execute({ tenant: 't', work });
    await tend.execute();
    expect(dispatch.tickets).toEqual([id, id]);
    await clock.advance(60 * 60_000);
    await tend.execute();
    expect(await jobs.find('t', id)).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded' },
    });
  });

  it('balances after any history', async () => {
    const step = fc.record({
      isDown: fc.boolean(),
      losesAnswers: fc.boolean(),
      fault: fc.constantFrom(undefined, 'passing', 'lasting'),
      attempts: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const limit = 100n;
        const { submit, attempt, budgets, faults, settle, jobs, made } = setUp(limit);
        for (const { isDown, losesAnswers, fault, attempts } of steps) {
          Object.assign(budgets, { isDown, losesAnswers });
          const job = await submit
            .execute({ tenant: 't', work, budgetId: 'b' })
            .catch(() => undefined);
          if (fault)
            faults.push(fault === 'passing' ? new Error('disk') : errors.image_not_found());
          for (let i = 0; job && i < attempts; i++) await attempt(job.id).catch(() => undefined);
          faults.length = 0;
          expect(budgets.sum('held') + budgets.sum('captured')).toBeLessThanOrEqual(limit);
        }
        Object.assign(budgets, { isDown: false, losesAnswers: false });
        for (const { id } of jobs.all.values()) await attempt(id, true);
        await settle.execute();
        const done = [...jobs.all.values()].filter(({ status }) => status === 'done');
        expect(budgets.sum('held')).toBe(0n);
        expect(budgets.sum('captured')).toBe(30n * BigInt(done.length));
        expect([...made.keys()].sort()).toEqual(done.map(({ id }) => id).sort());
        expect([...made.values()].every((times) => times === 1)).toBe(true);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('waiting for a job', () => {
  it('ends with the job or with the time, whichever is first', async () => {
    const { submit, jobs, clock } = setUp();
    const { id } = await submit.execute({ tenant: 't', work });
    const awaitJob = new AwaitJob(jobs, clock);
    const long = awaitJob.execute('t', id, 10_000);
    const short = awaitJob.execute('t', id, 100);
    await clock.advance(150);
    expect(await short).toMatchObject({ status: 'queued' });
    await jobs.succeed('t', id, null);
    await clock.advance(300);
    expect(await long).toMatchObject({ status: 'done' });
    await expect(awaitJob.execute('t', 'other')).rejects.toMatchObject({ code: 'job_not_found' });
  });
});
