import { DomainError, kernelErrors, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import { Queues, type Job } from '@kiki/queue';
import { z } from 'zod';
import type { Journeys } from '../../application/journeys.js';
import type { RefreshSegments } from '../../application/refresh-segments.js';
import type { RunJourney } from '../../application/run-journey.js';
import { REFRESH_QUEUE, RUN_QUEUE } from './queued-engage-jobs.js';

const RefreshPayload = z.strictObject({ refreshId: z.uuid() });
const RunPayload = z.strictObject({ runId: z.uuid() });
/** A run that takes longer is continued by its next attempt. */
const ATTEMPT_TIMEOUT_MS = 15 * 60_000;

/** What the processor works with. */
export interface ProcessorTools {
  readonly queues: Queues;
  readonly refresh: RefreshSegments;
  readonly run: RunJourney;
  readonly journeys: Journeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Does the background work of the service's queues. */
export class EngageProcessor {
  constructor(private readonly tools: ProcessorTools) {}

  /** Starts the workers; the host drains them. */
  async start(): Promise<void> {
    const { queues } = this.tools;
    const options = { concurrency: 2, timeoutMs: ATTEMPT_TIMEOUT_MS };
    await queues.queue(REFRESH_QUEUE).work((job) => this.refresh(job), options);
    await queues.queue(RUN_QUEUE).work((job) => this.run(job), options);
  }

  private async refresh(job: Job<unknown>): Promise<void> {
    const { refreshId } = payloadOf(RefreshPayload, job.data);
    try {
      await this.tools.refresh.execute(job.tenant, refreshId);
    } catch (error) {
      // The refresh says itself why it failed; whoever wants another asks for it.
      if (!DomainError.is(error)) throw error;
      this.tools.logger.warn('a segment refresh failed', { tenant: job.tenant, refreshId, error });
    }
  }

  private async run(job: Job<unknown>): Promise<void> {
    const { runId } = payloadOf(RunPayload, job.data);
    const control = {
      signal: job.signal,
      progress: (fraction: number) => job.progress(fraction),
    };
    try {
      await this.tools.run.execute(job.tenant, runId, control);
    } catch (error) {
      // What no repetition can cure ends the run with its code.
      if (DomainError.is(error) && !error.isRetryable && error.kind !== 'cancelled') {
        const change = { state: 'failed', reason: error.code } as const;
        await this.tools.journeys.setRun(job.tenant, runId, change, this.tools.clock.now());
      }
      throw error;
    }
  }
}

function payloadOf<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw kernelErrors.invalid_request('The job has the wrong shape.', {
    fields: parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      expected: message,
    })),
  });
}
