import type { ErrorDetails, ErrorKind } from '@kiki/kernel';
import type { PoolOptions } from '@kiki/postgres';
import type { LogFit, LogFitJob, LogScoreJob } from '../../application/log-jobs.js';
import type { LogForecast, LogForecastJob } from '../../application/forecast-job.js';
import type { LogGivenJob, LogMeasureJob, LogMeasurement } from '../../application/onnx-jobs.js';
import type { FittedScores } from '../../domain/scoring.js';
import type { GivenScores } from '../../domain/scoring-given.js';

/** One job for a child. */
export type ChildJob =
  | { readonly kind: 'fit'; readonly job: LogFitJob }
  | { readonly kind: 'score'; readonly job: LogScoreJob }
  | { readonly kind: 'forecast'; readonly job: LogForecastJob }
  | { readonly kind: 'measure'; readonly job: LogMeasureJob }
  | { readonly kind: 'scoreGiven'; readonly job: LogGivenJob };

/** What a job yields. */
export type ChildOutcome = LogFit | FittedScores | LogForecast | LogMeasurement | GivenScores;

/** What a child is sent: one job and the store that its log lies in; then it ends. */
export type ChildTask = ChildJob & { readonly store: PoolOptions };

/** A DomainError as it crosses processes. */
export interface WireError {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** What a child says. */
export type ChildMessage =
  | { readonly kind: 'progress'; readonly stage: string; readonly fraction: number }
  | { readonly kind: 'done'; readonly outcome: ChildOutcome }
  | { readonly kind: 'failed'; readonly error: WireError };
