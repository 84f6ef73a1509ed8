import { errors } from '../errors.js';
import type { LedgerTerms } from './ledger-terms.js';

/** One window: fitted up to `calibrationDay`, scored on the days after it up to `holdoutDay`; both inclusive. */
export interface BacktestWindow {
  readonly calibrationDay: number;
  readonly holdoutDay: number;
}

/** What a back-test is asked for; days since 1970-01-01. */
export interface AskedWindows {
  readonly calibrationDay: number | undefined;
  readonly holdoutDay: number | undefined;
  /** 0: one. */
  readonly originCount: number;
  readonly horizonDays: number | undefined;
}

const MAX_ORIGINS = 12;

/** The windows, oldest first, one horizon apart. @throws backtest_window_invalid */
export function backtestWindows(
  asked: AskedWindows,
  { firstDay, newestDay }: Pick<LedgerTerms, 'firstDay' | 'newestDay'>,
): BacktestWindow[] {
  const origins = asked.originCount || 1;
  if (origins > MAX_ORIGINS) throw invalid('origin_count', `1 to ${MAX_ORIGINS}`);
  const calibration = asked.calibrationDay ?? firstDay + Math.floor((newestDay - firstDay) / 2);
  const end = asked.holdoutDay ?? newestDay;
  if (end > newestDay) throw invalid('holdout_end', 'a day up to the newest transaction');
  const horizon = asked.horizonDays ?? end - calibration;
  if (!(horizon >= 1) || !Number.isInteger(horizon)) {
    throw invalid('horizon_days', 'a whole number of days from 1 on, after calibration_end');
  }
  if (calibration + horizon > end) {
    throw invalid('horizon_days', `up to ${end - calibration}: the holdout ends there`);
  }
  const oldest = calibration - (origins - 1) * horizon;
  if (oldest <= firstDay) {
    throw invalid('calibration_end', 'days after the first transaction, for every origin');
  }
  return Array.from({ length: origins }, (_, i) => ({
    calibrationDay: oldest + i * horizon,
    holdoutDay: oldest + (i + 1) * horizon,
  }));
}

function invalid(field: string, expected: string): Error {
  return errors.backtest_window_invalid(`${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}
