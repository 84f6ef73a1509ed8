import { kernelErrors, microsFromWire } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import { Queues, type Job } from '@kiki/queue';
import { BidJobRecord, type ExecuteBidJob } from '../../application/execute-bid-job.js';
import { BIDS_QUEUE, BidJobPayload } from './bid-job-payload.js';

/** Takes bid jobs from the queue; a payload of the wrong shape goes to the dead letters at once. */
export class BidsProcessor {
  private readonly bids;
  private readonly fallbacks;

  constructor(
    private readonly queues: Queues,
    private readonly executeBidJob: ExecuteBidJob,
    private readonly concurrency: number,
    metrics: Metrics,
  ) {
    this.bids = metrics.counter({
      name: 'bids_total',
      help: 'Decided opportunities by what became of them and why.',
      labelNames: ['outcome', 'reason'],
    });
    this.fallbacks = metrics.counter({
      name: 'value_fallbacks_total',
      help: 'Decisions whose value was a fallback, by why.',
      labelNames: ['reason'],
    });
  }

  /** Starts the worker. */
  async start(): Promise<void> {
    await this.queues
      .queue<BidJobPayload>(BIDS_QUEUE)
      .work((job) => this.process(job), { concurrency: this.concurrency });
  }

  /** Nothing to do: the host drains the queues before it closes the application. */
  stop(): void {}

  private async process(job: Job<BidJobPayload>): Promise<unknown> {
    const parsed = BidJobPayload.safeParse(job.data);
    if (!parsed.success) {
      throw kernelErrors.invalid_request('The bid job has the wrong shape.', {
        fields: parsed.error.issues.map((issue) => ({
          field: issue.path.join('.'),
          expected: issue.message,
        })),
      });
    }
    const { campaignId, opportunities } = parsed.data;
    const record = new BidJobRecord();
    try {
      await this.executeBidJob.execute(
        {
          tenant: job.tenant,
          jobId: job.id,
          campaignId,
          opportunities: opportunities.map(({ floorMicros, customerId, region, gpc, ...rest }) => ({
            ...rest,
            ...(customerId === undefined ? {} : { customerId }),
            ...(region === undefined ? {} : { region }),
            ...(gpc === true ? { isGpc: true } : {}),
            floorMicros: microsFromWire(floorMicros),
          })),
        },
        record,
      );
    } finally {
      this.count(record);
    }
    const { tallies, fallbackReasons } = record;
    const placed = tallies.filter(({ outcome }) => outcome === 'placed').length;
    return { decided: tallies.length, placed, fallback: fallbackReasons.length };
  }

  private count({ tallies, fallbackReasons }: BidJobRecord): void {
    for (const { outcome, reason } of tallies) this.bids.inc({ outcome, reason });
    for (const reason of fallbackReasons) this.fallbacks.inc({ reason });
  }
}
