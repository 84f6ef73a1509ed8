import type { ErrorDetails, ErrorKind } from '@kiki/kernel';
import type { FitJob, FitOutcome } from '../../domain/fitting.js';
import type { ScoreJob, ScoreOutcome } from '../../domain/scoring.js';

/** What a worker is started with: one job, then it ends. */
export type WorkerJob =
  | { readonly kind: 'fit'; readonly job: FitJob }
  | { readonly kind: 'score'; readonly job: ScoreJob };

/** A DomainError as it crosses threads. */
export interface WireError {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly stage: string; readonly fraction: number }
  | { readonly kind: 'done'; readonly outcome: FitOutcome | ScoreOutcome }
  | { readonly kind: 'failed'; readonly error: WireError };
