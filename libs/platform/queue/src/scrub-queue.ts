import { kernelErrors } from '@kiki/kernel';
import { open, seal, type Trust } from './envelope.js';
import type { Scrub } from './ports.js';
import type { StoredJob, StoredQueue } from './queue-backend.js';

const PAGE = 500;
const FINISHED = ['completed', 'failed'] as const;
const OPEN = ['waiting', 'prioritized', 'delayed'] as const;

/** Takes somebody out of every job of a tenant. @throws unavailable while a running job names them */
export async function scrubQueue<T>(
  queue: StoredQueue,
  trust: Trust,
  tenant: string,
  { names, without }: Scrub<T>,
): Promise<number> {
  const isTheirs = ({ data, returnvalue, failedReason }: StoredJob): boolean => {
    const of = (data as { tenant?: unknown } | null)?.tenant;
    // What was refused for its shape may not say whose it is.
    if (typeof of === 'string' && of !== tenant) return false;
    return names(data) || names(returnvalue) || names(failedReason);
  };
  const waiting = (await jobsOf(queue, OPEN)).filter(isTheirs);
  for (const job of waiting) await rewrite(job, trust, without);
  const running = (await jobsOf(queue, ['active'])).filter(isTheirs);
  if (running.length > 0) {
    throw kernelErrors.unavailable('A running job works on the subject.', { retryAfterMs: 1_000 });
  }
  const finished = (await jobsOf(queue, FINISHED)).filter(isTheirs);
  for (const job of finished) await job.remove();
  return waiting.length + finished.length;
}

async function rewrite<T>(
  job: StoredJob,
  trust: Trust,
  without: Scrub<T>['without'],
): Promise<void> {
  const { tenant, data } = await open(trust, job.name, job.data);
  const rest = without(data as T);
  if (rest === undefined) await job.remove();
  else await job.updateData(await seal(trust, { tenant, name: job.name, data: rest }));
}

/** All jobs in some states, newest pages first; a job that ends meanwhile is met in its last state. */
async function jobsOf(
  queue: StoredQueue,
  states: readonly ('completed' | 'failed' | 'active' | (typeof OPEN)[number])[],
): Promise<StoredJob[]> {
  const found: StoredJob[] = [];
  for (const state of states) {
    for (let start = 0; ; start += PAGE) {
      const page = (await queue.getJobs([state], start, start + PAGE - 1)) as StoredJob[];
      found.push(...page.filter((job) => (job as StoredJob | null) !== null));
      if (page.length < PAGE) break;
    }
  }
  return found;
}
