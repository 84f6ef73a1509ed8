import type { ValidationResult } from '../domain/creative.js';
import type { Job, JobError, JobHold } from '../domain/job.js';

/** Jobs and what became of them. */
export abstract class Jobs {
  abstract add(job: Job): Promise<void>;
  abstract find(tenant: string, id: string): Promise<Job | undefined>;
  /** Turns a queued job (or one whose worker was lost) into a running one; false when it is finished. */
  abstract start(tenant: string, id: string): Promise<boolean>;
  abstract succeed(tenant: string, id: string, validation: ValidationResult | null): Promise<void>;
  /** Ends an unfinished job. */
  abstract fail(tenant: string, id: string, error: JobError): Promise<void>;
  /** Ends an unfinished job that the budget refused. */
  abstract deny(tenant: string, id: string, hold: JobHold): Promise<void>;
  abstract setHold(tenant: string, id: string, hold: JobHold): Promise<void>;
  /** Finished jobs whose money is still held, oldest first, of all tenants. */
  abstract unsettled(limit: number): Promise<Job[]>;
  /**
   * Takes unfinished jobs that nobody touched since `before`, of all tenants: their ticket in the queue
   * may be lost. Taking touches them.
   */
  abstract claimStale(before: Date, limit: number): Promise<Job[]>;
  /** Forgets finished and settled jobs from before `before`; returns how many. */
  abstract sweep(before: Date): Promise<number>;
}
