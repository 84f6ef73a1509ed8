import type { OnProgress } from '../domain/fitting.js';
import type { ScoreOutcome } from '../domain/scoring.js';
import type { LogFit, LogFitJob, LogScoreJob } from './log-jobs.js';

/** How a job is followed. */
export interface JobOptions {
  /** Aborting ends the job at once. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Reads logs, fits and scores off the event loop. */
export abstract class ModelThread {
  /** @throws clv_not_enough_data, fit_failed, unavailable, what the signal was aborted with */
  abstract fit(job: LogFitJob, options: JobOptions): Promise<LogFit>;
  /** @throws as fit */
  abstract score(job: LogScoreJob, options: JobOptions): Promise<ScoreOutcome>;
}
