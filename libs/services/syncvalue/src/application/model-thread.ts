import type { FitJob, FitOutcome, OnProgress } from '../domain/fitting.js';
import type { ScoreJob, ScoreOutcome } from '../domain/scoring.js';

/** How a job is followed. */
export interface JobOptions {
  /** Aborting ends the job at once. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Runs fits and scorings off the event loop. */
export abstract class ModelThread {
  /** @throws clv_not_enough_data, fit_failed, what the signal was aborted with */
  abstract fit(job: FitJob, options: JobOptions): Promise<FitOutcome>;
  /** @throws as fit */
  abstract score(job: ScoreJob, options: JobOptions): Promise<ScoreOutcome>;
}
