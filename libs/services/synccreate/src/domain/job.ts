import type { FieldProblem } from '@kiki/kernel';
import type { ValidationResult } from './creative.js';
import type { GenerateRequest, ValidateRequest } from './requests.js';

/** What a job does, and for whom. */
export type JobWork =
  | { readonly kind: 'generate'; readonly request: GenerateRequest }
  | { readonly kind: 'validate'; readonly request: ValidateRequest };

/** `denied`: the budget refused, nothing was made. */
export type JobStatus = 'queued' | 'running' | 'done' | 'failed' | 'denied';

/** Money that was set aside for a job at SyncShield. */
export interface JobHold {
  readonly holdId: string;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  /** `asked`: no answer yet; `held`: to be settled when the job ends. */
  readonly state: 'asked' | 'held' | 'denied' | 'captured' | 'voided';
  /** SyncShield's reason. */
  readonly reason: string | null;
}

/** Why a job failed. */
export interface JobError {
  readonly code: string;
  readonly detail: string;
  readonly fields?: readonly FieldProblem[];
}

/** A job as it is kept. */
export interface Job {
  readonly tenant: string;
  readonly id: string;
  readonly work: JobWork;
  readonly status: JobStatus;
  readonly hold: JobHold | null;
  readonly error: JobError | null;
  /** Of a validation. */
  readonly validation: ValidationResult | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** Whether nothing more will happen. */
export function isFinished({ status }: Pick<Job, 'status'>): boolean {
  return status === 'done' || status === 'failed' || status === 'denied';
}
