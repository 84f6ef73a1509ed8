import type { OnProgress } from '../domain/fitting.js';
import type { FittedScores } from '../domain/scoring.js';
import type { GivenScores } from '../domain/scoring-given.js';
import type { LogForecast, LogForecastJob } from './forecast-job.js';
import type { LogFit, LogFitJob, LogScoreJob } from './log-jobs.js';
import type { LogGivenJob, LogMeasureJob, LogMeasurement } from './onnx-jobs.js';

/** How a job is followed. */
export interface JobOptions {
  /** Aborting ends the job at once. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Reads logs, fits, scores and forecasts off the event loop. */
export abstract class ModelJobs {
  /** @throws clv_not_enough_data, fit_failed, unavailable, what the signal was aborted with */
  abstract fit(job: LogFitJob, options: JobOptions): Promise<LogFit>;
  /** @throws as fit */
  abstract score(job: LogScoreJob, options: JobOptions): Promise<FittedScores>;
  /** @throws unavailable, what the signal was aborted with */
  abstract forecast(job: LogForecastJob, options: JobOptions): Promise<LogForecast>;
  /**
   * Tries a brought graph and measures the population with it.
   * @throws onnx_graph_mismatch, onnx_graph_invalid, onnx_runtime_missing, onnx_run_failed, no_transactions
   */
  abstract measure(job: LogMeasureJob, options: JobOptions): Promise<LogMeasurement>;
  /** Scores a brought graph on a window of the log. @throws as measure */
  abstract scoreGiven(job: LogGivenJob, options: JobOptions): Promise<GivenScores>;
}
