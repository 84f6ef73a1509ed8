import {
  alivePlot,
  calibrationPlot,
  decilePlot,
  groupRows,
  trackingPlot,
  type CustomerTable,
  type Observed,
  type PredictedActual,
  type PurchaseLog,
} from '@kiki/clv';
import type { JudgedWindow } from './backtest-history.js';
import type { HoldoutWindow } from './backtest-windows.js';

/** Plots of a back-test by file name. */
export const PLOT_NAMES = ['decile.svg', 'calibration.svg', 'tracking.svg', 'alive.svg'] as const;

/** What is drawn, by file name. */
export type Plots = Readonly<Record<(typeof PLOT_NAMES)[number], string>>;

const WEEK_DAYS = 7;
/** More periods than this are longer ones. */
const MAX_PERIODS = 60;
/** Calibration purchases that are told apart; those with more are one group. */
const FREQUENCIES = 8;
/** Rows of the matrix. */
const MAX_FREQUENCY = 40;

/** Draws one window. */
export function windowPlots(judged: JudgedWindow, log: PurchaseLog, window: HoldoutWindow): Plots {
  return {
    'decile.svg': decilePlot(judged.answer.model.deciles),
    'calibration.svg': calibrationPlot(byFrequency(judged)),
    'tracking.svg': trackingPlot(byPeriod(judged, log, window)),
    'alive.svg': aliveMatrix(judged.table, judged.aliveProbability),
  };
}

/** Mean purchases of the holdout by those of the calibration. */
function byFrequency({ table, predicted, actual }: JudgedWindow): PredictedActual[] {
  const groups = Array.from({ length: FREQUENCIES }, () => ({ n: 0, predicted: 0, actual: 0 }));
  table.frequency.forEach((frequency, i) => {
    const group = groups[Math.min(frequency, FREQUENCIES - 1)];
    if (group === undefined) return;
    group.n += 1;
    group.predicted += predicted[i] ?? 0;
    group.actual += actual[i] ?? 0;
  });
  return groups.flatMap(({ n, ...sums }, frequency) =>
    n === 0
      ? []
      : {
          name: `${frequency}${frequency === FREQUENCIES - 1 ? ' or more' : ''}: ${n} customers`,
          predicted: sums.predicted / n,
          actual: sums.actual / n,
        },
  );
}

/** Purchases of each week, or of longer periods, of the holdout. */
function byPeriod(
  { table, expected }: JudgedWindow,
  log: PurchaseLog,
  { calibrationEnd, holdoutEnd }: HoldoutWindow,
): PredictedActual[] {
  const horizon = holdoutEnd - calibrationEnd;
  const days = Math.min(horizon, WEEK_DAYS * Math.ceil(horizon / WEEK_DAYS / MAX_PERIODS));
  const periods = Math.floor(horizon / days);
  const rows = groupRows(table);
  const until = (day: number): number => {
    let sum = 0;
    for (let i = 0; i < rows.length; i++) {
      const [frequency, recency, age] = [rows.frequency[i], rows.recency[i], rows.age[i]];
      const row = { frequency: frequency ?? 0, recency: recency ?? 0, age: age ?? 0 };
      sum += (rows.weight[i] ?? 0) * expected(row, day);
    }
    return sum;
  };
  const sums = Array.from({ length: periods }, (_, k) => until((k + 1) * days));
  const actual = purchasesByPeriod(log, calibrationEnd, { days, periods });
  return sums.map((sum, k) => ({
    name: `to day ${(k + 1) * days}`,
    predicted: sum - (sums[k - 1] ?? 0),
    actual: actual[k] ?? 0,
  }));
}

/** Of the customers of the calibration. */
function purchasesByPeriod(
  log: PurchaseLog,
  calibrationEnd: number,
  { days, periods }: { readonly days: number; readonly periods: number },
): number[] {
  const counts = new Array<number>(periods).fill(0);
  for (let i = 0; i < log.customerIds.length; i++) {
    const bought = log.daysOf(i);
    if ((bought[0] ?? Infinity) > calibrationEnd) continue;
    for (const day of bought) {
      const period = Math.floor((day - calibrationEnd - 1) / days);
      if (period >= 0 && period < periods) counts[period] = (counts[period] ?? 0) + 1;
    }
  }
  return counts;
}

/** P(alive) of a customer. */
export type AliveProbability = (row: Observed) => number;

/** P(alive) by frequency and recency at the greatest age. */
export function aliveMatrix(table: CustomerTable, aliveProbability: AliveProbability): string {
  const age = table.age.reduce((most, value) => Math.max(most, value), 0);
  const sorted = table.frequency.slice().sort();
  // The few who bought much more often would leave everybody else one line.
  const usual = sorted[Math.floor(sorted.length * 0.99)] ?? 1;
  const maxFrequency = Math.min(MAX_FREQUENCY, Math.max(1, usual));
  // The title names it.
  return alivePlot(aliveProbability, { age: Number(age.toPrecision(4)), maxFrequency });
}
