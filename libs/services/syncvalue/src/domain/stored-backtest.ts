import type { ForecastScores } from '@kiki/clv';
import type { WindowScores } from './scoring.js';

/** Scores as an artefact keeps them: a few hundred bytes of JSON, numbers to 9 digits. */
export interface StoredScores extends Omit<ForecastScores, 'deciles'> {
  readonly predictedSpendMicros: number;
  readonly actualSpendMicros: number;
  /** Customers, predicted and actual purchases of each decile. */
  readonly deciles: readonly (readonly [number, number, number])[];
}

/** The back-test that the gates see: fitted up to `calibrationDay`, scored on the days up to `holdoutDay`. */
export interface StoredBacktest {
  readonly calibrationDay: number;
  readonly holdoutDay: number;
  readonly model: StoredScores;
  /** Each customer's own past rate goes on; its deciles are not kept. */
  readonly naive: StoredScores;
  /** Where model and scores speak of revenue: how many purchases there were, in all and per decile. */
  readonly revenue?: { readonly purchases: number; readonly deciles: readonly number[] };
  /** The recipe of the champion of that time on the same window, where it was another one. */
  readonly champion?: { readonly version: string; readonly normalizedGini: number | null };
}

/** Days of holdout that a fit keeps back at most, and at least so that there is something to see. */
const MAX_HOLDOUT_DAYS = 182;
const MIN_HOLDOUT_DAYS = 7;

/**
 * The window that a fit is scored on: the last quarter of the log that it may see, at most 26 weeks;
 * undefined for a log too short.
 */
export function gateWindow(
  firstDay: number,
  endDay: number,
): Pick<StoredBacktest, 'calibrationDay' | 'holdoutDay'> | undefined {
  const days = Math.min(Math.floor((endDay - firstDay) / 4), MAX_HOLDOUT_DAYS);
  if (days < MIN_HOLDOUT_DAYS) return undefined;
  return { calibrationDay: endDay - days, holdoutDay: endDay };
}

/** The window that a graph of one horizon is scored on; undefined where less than a shortest holdout lies before it. */
export function gateWindowOf(
  horizonDays: number,
  firstDay: number,
  endDay: number,
): Pick<StoredBacktest, 'calibrationDay' | 'holdoutDay'> | undefined {
  const calibrationDay = endDay - horizonDays;
  if (calibrationDay - firstDay < MIN_HOLDOUT_DAYS) return undefined;
  return { calibrationDay, holdoutDay: endDay };
}

/** Scores to be kept. */
export function storedScores(
  window: WindowScores,
  options: { keepDeciles: boolean },
): StoredScores {
  const { deciles, ...scores } = window.scores;
  const rounded = Object.entries(scores).map(([name, value]) => [name, short(value)]);
  return {
    ...(Object.fromEntries(rounded) as typeof scores),
    predictedSpendMicros: Math.round(window.predictedSpendMicros),
    actualSpendMicros: Math.round(window.actualSpendMicros),
    deciles: options.keepDeciles
      ? deciles.map(({ customers, predicted, actual }) => [
          customers,
          short(predicted) ?? 0,
          short(actual) ?? 0,
        ])
      : [],
  };
}

function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(9));
}
