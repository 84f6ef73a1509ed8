/**
 * Goal: rows keep what the use cases rely on: a job ends once, money that is not settled is found, lost jobs are handed out once, a creative is
 * kept once. Method: the adapters on a real PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock, SystemRandom, uuidv7 } from '@kiki/kernel';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import type { Creative } from '../../domain/creative.js';
import type { Job, JobHold } from '../../domain/job.js';
import { PostgresCreatives } from './postgres-creatives.js';
import { PostgresJobs } from './postgres-jobs.js';

const [clock, random] = [new SystemClock(), new SystemRandom()];
let db: TestDatabase;
let jobs: PostgresJobs;
let creatives: PostgresCreatives;

beforeAll(async () => {
  const migrationsDir = new URL('../../../migrations/', import.meta.url);
  db = await createTestDatabase({ schema: 'synccreate', migrationsDir });
  jobs = new PostgresJobs(db.database);
  creatives = new PostgresCreatives(db.database);
});

afterAll(() => db.drop());

const hold: JobHold = {
  holdId: 'h',
  budgetId: 'b',
  amountMicros: 9_007_199_254_740_991n,
  currency: 'EUR',
  state: 'held',
  reason: 'within_limits',
};

async function added(change: Partial<Job> = {}): Promise<Job> {
  const job: Job = {
    tenant: 't',
    id: uuidv7(clock, random),
    work: {
      kind: 'validate',
      request: { imageUrl: 'https://x.test/', brandName: 'N', brandColors: [] },
    },
    status: 'queued',
    hold: null,
    error: null,
    validation: null,
    createdAt: clock.now(),
    finishedAt: null,
    ...change,
  };
  await jobs.add(job);
  return job;
}

describe('PostgresJobs', () => {
  it('gives back what was added, to its own tenant only', async () => {
    const job = await added({ hold });
    expect(await jobs.find('t', job.id)).toEqual(job);
    expect(await jobs.find('other', job.id)).toBeUndefined();
  });

  it('ends a job once: what comes later changes nothing', async () => {
    const { id } = await added();
    expect(await jobs.start('t', id)).toBe(true);
    await jobs.fail('t', id, { code: 'image_not_found', detail: 'gone' });
    await jobs.succeed('t', id, null);
    await jobs.deny('t', id, hold);
    expect(await jobs.start('t', id)).toBe(false);
    expect(await jobs.find('t', id)).toMatchObject({
      status: 'failed',
      error: { code: 'image_not_found' },
      hold: null,
    });
  });

  it('finds finished jobs whose money is open, until it is settled', async () => {
    const open = await added({ hold });
    const asked = await added({ hold: { ...hold, state: 'asked' } });
    await added({ hold });
    await jobs.succeed('t', open.id, null);
    await jobs.fail('t', asked.id, { code: 'unavailable', detail: '' });
    expect((await jobs.unsettled(10)).map(({ id }) => id)).toEqual([open.id, asked.id]);
    await jobs.setHold('t', open.id, { ...hold, state: 'captured' });
    await jobs.setHold('t', asked.id, { ...hold, state: 'voided' });
    expect(await jobs.unsettled(10)).toEqual([]);
  });

  it('hands a lost job to one of many who ask', async () => {
    const old = await added({ createdAt: new Date(clock.nowMs() - 3_600_000) });
    const before = new Date(clock.nowMs() - 60_000);
    const claims = await Promise.all(Array.from({ length: 8 }, () => jobs.claimStale(before, 10)));
    expect(claims.flat().map(({ id }) => id)).toEqual([old.id]);
  });

  it('forgets old jobs, but none whose money is open', async () => {
    const settled = await added({ hold: { ...hold, state: 'captured' } });
    const open = await added({ hold });
    for (const { id } of [settled, open]) await jobs.succeed('t', id, null);
    await jobs.sweep(new Date(clock.nowMs() + 60_000));
    expect(await jobs.find('t', settled.id)).toBeUndefined();
    expect(await jobs.find('t', open.id)).toBeDefined();
  });
});

describe('PostgresCreatives', () => {
  const creative = (change: Partial<Creative> = {}): Creative => ({
    tenant: 't',
    id: uuidv7(clock, random),
    jobId: uuidv7(clock, random),
    strategy: 'control',
    platform: 'meta_1_1',
    width: 1080,
    height: 1080,
    bytes: 1000,
    contentType: 'image/jpeg',
    sha256: 'a'.repeat(64),
    perceptualHash: '0123456789abcdef',
    isPassed: true,
    checks: [{ id: 'size', status: 'passed', measured: '1', expected: '1', detail: '' }],
    texts: { headline: 'Hi' },
    shortened: [],
    brandColors: ['#3b82f6'],
    layout: { blocks: [] },
    provenance: {
      digitalSource: 'algorithmicMedia',
      seed: 4_294_967_295,
      photoSha256: null,
      cropBy: null,
    },
    attention: null,
    createdAt: clock.now(),
    ...change,
  });

  it('keeps one per job and strategy, in the order of the strategies', async () => {
    const first = creative();
    await creatives.add(creative({ jobId: first.jobId, strategy: 'abstract' }));
    await creatives.add(first);
    await creatives.add(creative({ jobId: first.jobId, sha256: 'b'.repeat(64) }));
    const kept = await creatives.ofJob('t', first.jobId);
    expect(kept.map(({ strategy }) => strategy)).toEqual(['control', 'abstract']);
    expect(kept[0]).toEqual(first);
    expect(await creatives.find('t', first.id)).toEqual(first);
    expect(await creatives.findByHash('other', first.sha256)).toBeUndefined();
  });

  it('lists the newest first and goes on after one', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const one = creative({ tenant: 'lister', createdAt: new Date(i) });
      made.unshift(one.id);
      await creatives.add(one);
      await clock.sleep(2);
    }
    const page = await creatives.list('lister', 3);
    expect(page.map(({ id }) => id)).toEqual(made.slice(0, 3));
    const rest = await creatives.list('lister', 3, page[2]?.id);
    expect(rest.map(({ id }) => id)).toEqual(made.slice(3));
  });
});
