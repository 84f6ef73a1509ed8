import type { Api } from '../platform/api.js';
import type { Offer } from '../exchange/exchange-process.js';
import { microsToWire } from '@kiki/kernel';
import { poll } from './poll.js';

/** Opportunities that go into the queue together. */
export interface PlannedJob {
  readonly campaignId: string;
  readonly offers: readonly Offer[];
}

/** Opportunities of one job. */
const JOB_SIZE = 100;
/** Opportunities that may be queued and not decided: enough to keep every worker busy, so few that none waits long. */
const MOST_UNDECIDED = 1_200;

/**
 * Cuts the offers of several campaigns into jobs and deals them in turn, so that the campaigns run side by side.
 * @param leastJobs so many jobs at least are made of a campaign that has enough offers
 */
export function dealJobs(
  offersOf: ReadonlyMap<string, readonly Offer[]>,
  leastJobs = 1,
): PlannedJob[] {
  const queues = [...offersOf].map(([campaignId, offers]) => {
    const size = Math.max(1, Math.min(JOB_SIZE, Math.floor(offers.length / leastJobs)));
    return Array.from({ length: Math.ceil(offers.length / size) }, (_, i) => ({
      campaignId,
      offers: offers.slice(i * size, (i + 1) * size),
    }));
  });
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  // A short queue is spread over the whole: its budget runs out while the others go on.
  const slots = queues.flatMap((queue) =>
    queue.map((job, i) => ({ job, at: ((i + 0.5) / queue.length) * longest })),
  );
  return slots.sort((a, b) => a.at - b.at).map(({ job }) => job);
}

/** What a run of jobs needs. */
export interface JobRun {
  readonly flow: Api;
  /** Opportunities that were decided so far, over all workers. */
  readonly decided: () => Promise<number>;
  readonly signal: AbortSignal;
  readonly onProgress: (decided: number) => void;
}

/** Puts jobs into the queue, never too many at a time, and waits until every opportunity is decided. */
export async function runJobs(jobs: readonly PlannedJob[], run: JobRun): Promise<void> {
  const { flow, signal, onProgress } = run;
  const before = await run.decided();
  let queued = 0;
  const undecidedAtMost = (most: number): Promise<true> =>
    poll(
      'SyncFlow to decide its jobs',
      async () => {
        const done = (await run.decided()) - before;
        onProgress(Math.min(done, queued));
        return queued - done <= most;
      },
      { timeoutMs: 60_000, everyMs: 40, signal },
    );
  for (const { campaignId, offers } of jobs) {
    if (queued >= MOST_UNDECIDED) await undecidedAtMost(MOST_UNDECIDED - offers.length);
    const opportunities = offers.map(({ floorMicros, ...offer }) => ({
      ...offer,
      floorMicros: microsToWire(floorMicros),
    }));
    await flow.post('/v1/bids', { campaignId, opportunities }, { signal });
    queued += offers.length;
  }
  await undecidedAtMost(0);
}

/** Decided opportunities by the metrics of some workers. */
export async function decidedBy(workerUrls: readonly string[]): Promise<number> {
  const counts = await Promise.all(workerUrls.map(decidedAt));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Decided opportunities of one worker. */
export async function decidedAt(workerUrl: string): Promise<number> {
  const response = await fetch(`${workerUrl}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const page = await response.text();
  return [...page.matchAll(/^kiki_syncflow_bids_total\{[^}]*\} (\S+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
