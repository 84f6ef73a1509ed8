import type { SpendModelKind, TimeUnit } from '@kiki/clv';
import { backtestWindows } from '../domain/backtest-windows.js';
import { dayInstant, dayOfInstant } from '../domain/ledger-terms.js';
import type { AskedKind } from '../domain/choose-kind.js';
import type { FittedScores } from '../domain/scoring.js';
import { errors } from '../errors.js';
import type { FitOptions } from './fit-model.js';
import type { Ledger } from './ledger.js';
import type { ModelJobs } from './model-jobs.js';

/** What to score. */
export interface BacktestQuestion {
  readonly kind: AskedKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  readonly calibrationEnd: Date | undefined;
  readonly holdoutEnd: Date | undefined;
  readonly originCount: number;
  readonly horizonDays: number | undefined;
  /** Whether intervals are judged, too. */
  readonly wantsIntervals: boolean;
}

/** One scored window. */
export interface ScoredWindow extends FittedScores {
  readonly calibrationEnd: Date;
  readonly holdoutEnd: Date;
  readonly horizonDays: number;
}

/** All windows, oldest first. */
export interface BacktestAnswer {
  readonly windows: readonly ScoredWindow[];
  readonly currency: string;
}

/** Fits on the past of each window and scores on its future; nothing is stored. */
export class BacktestModel {
  constructor(
    private readonly ledger: Ledger,
    private readonly jobs: ModelJobs,
  ) {}

  /** @throws no_transactions, backtest_window_invalid, clv_not_enough_data, what the signal was aborted with */
  async execute(
    tenant: string,
    question: BacktestQuestion,
    options: FitOptions,
  ): Promise<BacktestAnswer> {
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.no_transactions();
    const { terms } = view;
    const dayOf = (instant: Date | undefined): number | undefined =>
      instant && dayOfInstant(instant, terms);
    const asked = {
      calibrationDay: dayOf(question.calibrationEnd),
      holdoutDay: dayOf(question.holdoutEnd),
      originCount: question.originCount,
      horizonDays: question.horizonDays,
    };
    const windows = backtestWindows(asked, terms);
    const { kind, spendKind, timeUnit } = question;
    const scored: ScoredWindow[] = [];
    for (const [i, window] of windows.entries()) {
      const part: FitOptions = {
        signal: options.signal,
        onProgress: (stage, fraction) => options.onProgress(stage, (i + fraction) / windows.length),
      };
      const { calibrationDay, holdoutDay } = window;
      const wanted = { intervals: question.wantsIntervals, previous: scored.at(-1)?.profile };
      const job = { tenant, kind, spendKind, timeUnit, ...window, wanted };
      const outcome = await this.jobs.score(job, part);
      scored.push({
        ...outcome,
        calibrationEnd: dayInstant(calibrationDay, terms),
        holdoutEnd: dayInstant(holdoutDay, terms),
        horizonDays: holdoutDay - calibrationDay,
      });
    }
    return { windows: scored, currency: terms.currency };
  }
}
