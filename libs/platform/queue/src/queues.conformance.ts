/** What queues must do on every backend; each backend's spec runs it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { SourceProcess, waitFor } from '@kiki/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { BullQueues } from './bull-queues.js';
import { FixedKeysSigner } from './fixed-keys.fixture.js';
import { KEEP_COMPLETED } from './policy.js';
import type { Job, JobQueue } from './ports.js';
import type { QueueBackend, StoredQueue } from './queue-backend.js';

/** A store under test. */
export interface QueueStore {
  /** Another process's worth of connections. */
  open(): Promise<QueueBackend>;
  /** How a worker process reaches the same store. */
  readonly reach: Readonly<Record<string, unknown>>;
  /** Kills the store with -9. */
  crash(): Promise<void>;
  /** Starts it again and resolves when it answers. */
  restart(): Promise<void>;
  /** True when it comes back by itself, perhaps before anybody notices. */
  readonly isSelfHealing?: boolean;
}

interface Thing {
  readonly n: number;
}

/** Short, so that take-over is soon; a worker that is alive renews its lock three times within. */
const timings = { lockMs: 2000, stalledCheckMs: 400 };
const SERVICE = 'syncflow';

export function queuesConformance(name: string, store: () => QueueStore): void {
  describe(`queues on ${name}`, () => {
    let backend: QueueBackend;
    let queues: BullQueues;
    let serial = 0;
    const raws: StoredQueue[] = [];

    async function openQueues(signer = new FixedKeysSigner()): Promise<BullQueues> {
      const own = await store().open();
      return new BullQueues({ service: SERVICE, backend: own, signer, timings });
    }

    /** A queue of its own for each test, and what another BullMQ program would use for it. */
    function newQueue(): { queue: JobQueue<Thing>; queueName: string; raw: StoredQueue } {
      const queueName = `q${serial++}`;
      const raw = backend.openQueue(`${SERVICE}.${queueName}`);
      raw.on('error', () => undefined);
      raws.push(raw);
      return { queue: queues.queue<Thing>(queueName), queueName, raw };
    }

    beforeAll(async () => {
      backend = await store().open();
      queues = await openQueues();
    }, 60_000);
    afterAll(async () => {
      await Promise.all(raws.map((raw) => raw.close()));
      await queues.close(0);
      await backend.close();
    });

    it('takes jobs that another service of the same store adds', async () => {
      const { queue, queueName } = newQueue();
      const seen: Job<Thing>[] = [];
      await queue.work(async (job) => void seen.push(job));
      const own = await store().open();
      const signer = new FixedKeysSigner();
      const elsewhere = new BullQueues({ service: 'syncshield', backend: own, signer, timings });
      await elsewhere.queue<Thing>(queueName, { service: SERVICE }).add('acme', 'told', { n: 7 });
      await waitFor(() => seen.length > 0);
      expect(seen[0]).toMatchObject({ name: 'told', tenant: 'acme', data: { n: 7 } });
      await elsewhere.close(0);
    });

    it('resumes within five seconds after its store was killed with -9 and started again', async () => {
      const { queue } = newQueue();
      const seen: number[] = [];
      await queue.work(async ({ data }) => void seen.push(data.n));
      await queue.add('acme', 'bid', { n: 1 });
      await waitFor(() => seen.includes(1));
      await queue.add('acme', 'bid', { n: 2 }, { delayMs: 1000 });
      await store().crash();
      if (!store().isSelfHealing) {
        const refusal: unknown = await queue
          .add('acme', 'bid', { n: 3 })
          .catch((error: unknown) => error);
        expect(DomainError.is(refusal) && refusal.code).toBe('unavailable');
        await expect(queues.ping()).rejects.toMatchObject({ kind: 'unavailable' });
        await sleep(2500); // long enough for retries to have grown to their longest pause
      }
      await store().restart();
      const upMs = performance.now();
      await waitFor(() => queue.add('acme', 'bid', { n: 4 }), { timeoutMs: 5000 });
      await waitFor(() => seen.includes(4) && seen.includes(2), { timeoutMs: 20_000 });
      expect(performance.now() - upMs).toBeLessThan(5000);
      expect(seen.filter((n) => n === 2)).toEqual([2]);
      await queues.ping();
    }, 60_000);

    it('hands a job to a worker as its producer said it, signed in the store', async () => {
      const { queue, raw } = newQueue();
      const seen: Omit<Job<Thing>, 'progress' | 'signal'>[] = [];
      const id = await queue.add('acme', 'bid', { n: 7 }, { id: 'opportunity:1/50%' });
      expect(id).toBe('opportunity:1/50%');
      const [stored] = await raw.getJobs(['waiting']);
      expect(stored?.data).toMatchObject({ v: 1, tenant: 'acme', n: 7, keyId: 'producer' });
      await queue.work(async ({ id, name, tenant, data, attempt, progress }) => {
        seen.push({ id, name, tenant, data, attempt });
        await progress(0.5);
      });
      await queue.drained(10_000);
      expect(seen).toEqual([{ id, name: 'bid', tenant: 'acme', data: { n: 7 }, attempt: 1 }]);
      expect((await raw.getJob(stored?.id ?? ''))?.progress).toBe(0.5);
    });

    it('takes somebody out of the jobs of their tenant, finished, dead and waiting', async () => {
      const { queue, raw } = newQueue();
      const many = queue as unknown as JobQueue<{ who: string[] }>;
      await many.add('acme', 'one', { who: ['ann'] });
      await many.add('acme', 'dies', { who: ['ann'] }, { attempts: 1 });
      await many.add('acme', 'other', { who: ['bob'] });
      await many.work(async ({ name }) => {
        if (name === 'dies') throw kernelErrors.internal('for the test');
      });
      await queue.drained(10_000);
      await many.add('acme', 'both', { who: ['ann', 'bob'] }, { delayMs: 600_000 });
      await many.add('acme', 'alone', { who: ['ann'] }, { delayMs: 600_000 });
      await many.add('rival', 'alone', { who: ['ann'] }, { delayMs: 600_000 });
      const scrub = {
        names: (value: unknown) => JSON.stringify(value ?? null).includes('"ann"'),
        without: ({ who }: { who: string[] }) => {
          const rest = who.filter((one) => one !== 'ann');
          return rest.length === 0 ? undefined : { who: rest };
        },
      };
      expect(await many.scrub('acme', scrub)).toBe(4);
      expect(await many.scrub('acme', scrub)).toBe(0);
      const left = await raw.getJobs(['completed', 'failed', 'delayed']);
      const told = left.map(({ data }) => data as { tenant: string; who: string[]; sig: string });
      expect(told.map(({ tenant, who }) => `${tenant} ${who.join()}`).sort()).toEqual([
        ...['acme bob', 'acme bob', 'rival ann'],
      ]);
    });

    it('sends what is unsigned, forged, of the wrong scope or shape to the dead letters, unseen by the worker', async () => {
      const { queue, raw } = newQueue();
      const seen: number[] = [];
      const sealed = async (signer: FixedKeysSigner, changes: object = {}): Promise<object> => {
        const payload = { n: 1, v: 1, tenant: 'acme', job: 'bid', ...changes };
        return { ...payload, ...(await signer.sign('acme', payload)) };
      };
      const producer = new FixedKeysSigner();
      const bad: [string, unknown][] = [
        ['signature_missing', { v: 1, tenant: 'acme', n: 1 }],
        ['signature_invalid', { ...(await sealed(producer)), n: 2 }],
        ['signature_invalid', { ...(await sealed(producer)), tenant: 'other' }],
        ['signature_invalid', { ...(await sealed(producer)), extra: true }],
        ['signature_invalid', { ...(await sealed(producer)), keyId: 'reader' }],
        ['scope_missing', await sealed(new FixedKeysSigner('reader'))],
        ['job_payload_invalid', await sealed(producer, { job: 'another' })],
        ['job_payload_invalid', await sealed(producer, { v: 2 })],
        ['job_payload_invalid', await sealed(producer, { tenant: '' })],
        ['job_payload_invalid', ['no', 'object']],
        ['job_payload_invalid', 'text'],
      ];
      for (const [, payload] of bad) await raw.add('bid', payload, { attempts: 10 });
      await queue.add('acme', 'bid', { n: 100 });
      await queue.work(async ({ data }) => void seen.push(data.n));
      await queue.drained(20_000);
      expect(seen).toEqual([100]);
      const letters = await queue.deadLetters();
      expect(letters.map(({ reason }) => reason.split(':')[0]).sort()).toEqual(
        bad.map(([code]) => code).sort(),
      );
      for (const letter of letters) expect(letter.attempts).toBe(1);
      const [forged] = letters.filter(({ reason }) => reason.startsWith('signature_invalid'));
      await expect(queue.replay(forged!.id)).rejects.toMatchObject({ code: 'signature_invalid' });
      expect(await queue.depth()).toMatchObject({ dead: bad.length, waiting: 0 });
    });

    it('takes jobs that another BullMQ program has signed, without the name inside', async () => {
      const { queue, raw } = newQueue();
      const payload = { v: 1, tenant: 'acme', n: 5 };
      await raw.add('bid', { ...payload, ...(await new FixedKeysSigner().sign('acme', payload)) });
      const seen: unknown[] = [];
      await queue.work(async ({ data, tenant }) => void seen.push({ data, tenant }));
      await queue.drained(10_000);
      expect(seen).toEqual([{ data: { n: 5 }, tenant: 'acme' }]);
    });

    it('retries with a growing backoff until it succeeds', async () => {
      const { queue } = newQueue();
      const attempts: { attempt: number; atMs: number }[] = [];
      await queue.add('acme', 'bid', { n: 1 });
      await queue.work(async ({ attempt }) => {
        attempts.push({ attempt, atMs: performance.now() });
        if (attempt < 3) throw new Error('not yet');
      });
      await waitFor(() => attempts.length === 3);
      await queue.drained(10_000);
      expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      const [first, second, third] = attempts.map(({ atMs }) => atMs) as [number, number, number];
      expect(second - first).toBeGreaterThan(249);
      expect(third - second).toBeGreaterThan(499);
      expect(await queue.deadLetters()).toEqual([]);
    });

    it('never retries sooner than the error asks for', async () => {
      const { queue } = newQueue();
      const atMs: number[] = [];
      await queue.add('acme', 'bid', { n: 1 }, { attempts: 2 });
      await queue.work(async () => {
        atMs.push(performance.now());
        if (atMs.length === 1) throw kernelErrors.unavailable(undefined, { retryAfterMs: 900 });
      });
      await waitFor(() => atMs.length === 2);
      expect(atMs[1]! - atMs[0]!).toBeGreaterThan(895);
    });

    it('buries what no retry can help at once, and what used up its attempts; replays it afresh', async () => {
      const { queue } = newQueue();
      const runs: string[] = [];
      let isHealed = false;
      await queue.work(async ({ name, attempt }) => {
        runs.push(`${name} ${attempt}`);
        if (isHealed) return;
        if (name === 'final') throw kernelErrors.invalid_request('n must be even.');
        throw new Error('the model is away');
      });
      await queue.add('acme', 'final', { n: 1 }, { id: 'f' });
      await queue.add('acme', 'tried', { n: 1 }, { id: 't', attempts: 2 });
      await waitFor(async () => (await queue.depth()).dead === 2);
      expect(runs.sort()).toEqual(['final 1', 'tried 1', 'tried 2']);
      const letters = await queue.deadLetters();
      const final = letters.find((letter) => letter.name === 'final')!;
      const tried = letters.find((letter) => letter.name === 'tried')!;
      expect(final).toMatchObject({
        tenant: 'acme',
        reason: 'invalid_request: n must be even.',
        attempts: 1,
        payload: { n: 1 },
      });
      expect(tried).toMatchObject({ reason: 'the model is away', attempts: 2 });
      expect(Math.abs(tried.failedAt.getTime() - Date.now())).toBeLessThan(60_000);
      expect(await queue.deadLetters(1)).toHaveLength(1);
      isHealed = true;
      await queue.replay(tried.id);
      await waitFor(async () => (await queue.depth()).dead === 1);
      await queue.drained(10_000);
      expect(runs.at(-1)).toBe('tried 1');
      await expect(queue.replay(tried.id)).rejects.toMatchObject({ code: 'dead_letter_not_found' });
      await expect(queue.replay('nobody')).rejects.toMatchObject({ code: 'dead_letter_not_found' });
    });

    it('counts what waits, is delayed, runs and is dead, and the age of the oldest', async () => {
      const { queue } = newQueue();
      expect(await queue.depth()).toEqual({
        waiting: 0,
        active: 0,
        delayed: 0,
        dead: 0,
        oldestMs: 0,
      });
      await queue.add('acme', 'later', { n: 0 }, { delayMs: 600_000 });
      expect(await queue.depth()).toMatchObject({ waiting: 0, delayed: 1, oldestMs: 0 });
      await queue.add('acme', 'bid', { n: 1 });
      await queue.add('acme', 'bid', { n: 2 }, { priority: 5 });
      await sleep(60);
      const before = await queue.depth();
      expect(before).toMatchObject({ waiting: 2, delayed: 1, active: 0, dead: 0 });
      expect(before.oldestMs).toBeGreaterThanOrEqual(55);
      expect(before.oldestMs).toBeLessThan(60_000);
      let finish = (): void => undefined;
      await queue.work(() => new Promise<void>((resolve) => (finish = resolve)), {
        concurrency: 1,
      });
      await waitFor(async () => (await queue.depth()).active === 1);
      expect(await queue.depth()).toMatchObject({ waiting: 1, active: 1 });
      await expect(queue.drained(0)).rejects.toMatchObject({ code: 'deadline_exceeded' });
      finish();
      await waitFor(async () => (await queue.depth()).waiting === 0);
      finish();
    });

    it('runs the urgent first and the delayed not before their time', async () => {
      const { queue } = newQueue();
      const order: number[] = [];
      let lateMs = 0;
      const beganMs = performance.now();
      await queue.addBulk('acme', [
        { name: 'bid', data: { n: 10 }, options: { priority: 10 } },
        { name: 'bid', data: { n: 1 }, options: { priority: 1 } },
        { name: 'bid', data: { n: 5 }, options: { priority: 5 } },
        { name: 'bid', data: { n: 11 }, options: { priority: 10 } },
        { name: 'late', data: { n: 99 }, options: { delayMs: 700 } },
      ]);
      await queue.work(
        async ({ data, name }) => {
          order.push(data.n);
          if (name === 'late') lateMs = performance.now() - beganMs;
        },
        { concurrency: 1 },
      );
      await queue.drained(10_000);
      expect(order).toEqual([1, 5, 10, 11, 99]);
      expect(lateMs).toBeGreaterThan(690);
    });

    it('runs at most as many at once as it was told', async () => {
      const { queue } = newQueue();
      let running = 0;
      let most = 0;
      await queue.addBulk(
        'acme',
        Array.from({ length: 30 }, (_, n) => ({ name: 'bid', data: { n } })),
      );
      await queue.work(
        async () => {
          most = Math.max(most, ++running);
          await sleep(15);
          running--;
        },
        { concurrency: 3 },
      );
      await queue.drained(20_000);
      expect(most).toBe(3);
    });

    it('takes a job of one id once per tenant, and says the id each time', async () => {
      const { queue } = newQueue();
      const seen: string[] = [];
      const again = { id: 'same' };
      expect(await queue.add('acme', 'bid', { n: 1 }, again)).toBe('same');
      expect(await queue.add('acme', 'bid', { n: 1 }, again)).toBe('same');
      expect(await queue.add('other', 'bid', { n: 1 }, again)).toBe('same');
      await queue.work(async ({ tenant, id }) => void seen.push(`${tenant}/${id}`));
      await queue.drained(10_000);
      await queue.add('acme', 'bid', { n: 1 }, again);
      await queue.drained(10_000);
      expect(seen.sort()).toEqual(['acme/same', 'other/same']);
    });

    it('ends an attempt that runs too long, and tries again', async () => {
      const { queue } = newQueue();
      const reasons: unknown[] = [];
      await queue.add('acme', 'bid', { n: 1 }, { attempts: 2 });
      await queue.work(
        ({ signal, attempt }) =>
          attempt === 2
            ? Promise.resolve()
            : new Promise<void>((_resolve) => {
                signal.addEventListener('abort', () => reasons.push(signal.reason));
              }),
        { timeoutMs: 150 },
      );
      await queue.drained(10_000);
      expect(reasons).toEqual([expect.objectContaining({ code: 'deadline_exceeded' })]);
    });

    it('keeps finished jobs within its own bounds, whatever their producer asked for', async () => {
      const { queue, raw } = newQueue();
      const payload = { v: 1, tenant: 'acme', n: 5 };
      const signed = { ...payload, ...(await new FixedKeysSigner().sign('acme', payload)) };
      await raw.add('bid', signed, { jobId: 'greedy', attempts: 9999, removeOnComplete: false });
      await raw.add('dies', signed, { jobId: 'secretive', removeOnFail: true });
      await queue.work(async ({ name }) => {
        if (name === 'dies') throw kernelErrors.invalid_request('dead');
      });
      await queue.drained(10_000);
      // Its producer wanted no trace of a failure.
      expect((await queue.deadLetters()).map(({ name }) => name)).toEqual(['dies']);
      const jobs = Array.from({ length: KEEP_COMPLETED.count + 60 }, (_, n) => ({
        name: 'bid',
        data: { n },
      }));
      await queue.addBulk('acme', jobs);
      await queue.drained(60_000);
      const { completed } = await raw.getJobCounts('completed');
      // Those that finish at the same moment may each miss the other.
      expect(completed).toBeLessThanOrEqual(KEEP_COMPLETED.count + 4);
      expect(completed).toBeGreaterThan(KEEP_COMPLETED.count / 2);
      expect(await raw.getJob('greedy')).toBeUndefined();
    }, 90_000);

    it('refuses bad names, options and data by field', async () => {
      const { queue } = newQueue();
      expect(() => queues.queue('No Queue')).toThrow(
        expect.objectContaining({ code: 'queue_name_invalid' }),
      );
      for (const options of [
        { delayMs: -1 },
        { delayMs: 0.5 },
        { attempts: 0 },
        { attempts: 51 },
        { priority: -1 },
        { id: '' },
        { id: 'x'.repeat(257) },
      ]) {
        await expect(queue.add('acme', 'bid', { n: 1 }, options)).rejects.toMatchObject({
          code: 'job_options_invalid',
          details: { fields: [{ field: Object.keys(options)[0] }] },
        });
      }
      for (const data of [
        { sig: 'mine' },
        { tenant: 'mine' },
        { n: 1n },
        [1],
        null,
        { text: 'nul \0' },
        { text: 'half \ud800' },
      ]) {
        await expect(queue.add('acme', 'bid', data as never)).rejects.toMatchObject({
          code: 'job_payload_invalid',
        });
      }
      const huge = { text: 'x'.repeat(1024 * 1024) } as never;
      await expect(queue.add('acme', 'bid', huge)).rejects.toMatchObject({ code: 'job_too_large' });
      const text = { n: 1, text: 'literally \\u0000 and \\ud83d, a real 😀' };
      await queue.add('acme', 'bid', text);
      expect(await queue.depth()).toMatchObject({ waiting: 1 });
    });

    it('on close lets running jobs finish', async () => {
      const { queue, queueName } = newQueue();
      const closing = await openQueues();
      let isDone = false;
      await closing.queue(queueName).work(async () => {
        await sleep(300);
        isDone = true;
      });
      await queue.add('acme', 'bid', { n: 1 });
      await waitFor(async () => (await queue.depth()).active === 1);
      await closing.close(10_000);
      expect(isDone).toBe(true);
      expect(await queue.depth()).toMatchObject({ waiting: 0, active: 0, delayed: 0, dead: 0 });
    });

    it('on close gives back what does not finish within the grace, unharmed and at once', async () => {
      const { queue, queueName } = newQueue();
      const closing = await openQueues();
      const reasons: unknown[] = [];
      await closing.queue(queueName).work(
        ({ signal }) =>
          new Promise<void>(() => {
            signal.addEventListener('abort', () => reasons.push(signal.reason));
          }),
      );
      await queue.add('acme', 'bid', { n: 1 }, { attempts: 1 });
      await waitFor(async () => (await queue.depth()).active === 1);
      await closing.close(50);
      expect(reasons).toEqual([expect.objectContaining({ code: 'cancelled' })]);
      const attempts: number[] = [];
      await queue.work(async ({ attempt }) => void attempts.push(attempt));
      await queue.drained(10_000);
      expect(attempts).toEqual([1]);
    });

    it('on close lets calls under way end; later ones are refused, not left waiting', async () => {
      const { queue, queueName } = newQueue();
      const closing = await openQueues();
      const other = closing.queue(queueName);
      const adding = Array.from({ length: 20 }, (_, n) => other.add('acme', 'bid', { n }));
      const closed = closing.close(10_000);
      const settled = await Promise.allSettled(adding);
      await closed;
      const added = settled.filter(({ status }) => status === 'fulfilled').length;
      expect((await queue.depth()).waiting).toBe(added);
      await expect(other.add('acme', 'bid', { n: 99 })).rejects.toMatchObject({
        code: 'unavailable',
      });
    });

    it('a job whose worker process is killed with -9 is done by another', async () => {
      const { queue, queueName } = newQueue();
      const script = new URL('./stuck-worker.fixture.ts', import.meta.url);
      const reach = { ...store().reach, service: SERVICE, queue: queueName, timings };
      const other = new SourceProcess(script, [JSON.stringify(reach)]);
      await queue.add('acme', 'bid', { n: 1 }, { id: 'victim', attempts: 1 });
      expect(await other.said('took ')).toBe('victim');
      await other.end('SIGKILL');
      const attempts: string[] = [];
      await queue.work(async ({ id, attempt }) => void attempts.push(`${id} ${attempt}`));
      await waitFor(() => attempts.length > 0, { timeoutMs: 20_000 });
      await queue.drained(10_000);
      expect(attempts).toEqual(['victim 1']);
    }, 60_000);
  });
}
