import type { JobQueue, Queues } from '@kiki/queue';
import { JobDispatch } from '../../application/job-dispatch.js';
import type { RunJob } from '../../application/run-job.js';

/** What the queue carries: the job itself is a row. */
interface Ticket {
  readonly jobId: string;
}

const ATTEMPTS = 3;

/** Puts jobs into the queue `jobs`. */
export class QueueJobDispatch extends JobDispatch {
  private readonly queue: JobQueue<Ticket>;

  constructor(queues: Queues) {
    super();
    this.queue = queues.queue<Ticket>('jobs');
  }

  override async dispatch(tenant: string, jobId: string): Promise<void> {
    // No id: a job whose ticket is lost or used up can be queued again; whoever comes second finds it finished.
    await this.queue.add(tenant, 'run', { jobId }, { attempts: ATTEMPTS });
  }
}

/** How the worker runs. */
export interface JobWorkerOptions {
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** Takes jobs out of the queue until the host closes it. */
export async function workOnJobs(
  queues: Queues,
  run: RunJob,
  { concurrency, timeoutMs }: JobWorkerOptions,
): Promise<void> {
  await queues.queue<Ticket>('jobs').work(
    async (job) => {
      await run.execute({
        tenant: job.tenant,
        jobId: job.data.jobId,
        isLast: job.attempt >= ATTEMPTS,
        signal: job.signal,
        progress: (fraction) => job.progress(fraction),
      });
    },
    { concurrency, timeoutMs },
  );
}
