import type { ForecastScores } from '@kiki/clv';
import type { Reporter } from '@kiki/cli';
import type { WindowAnswer } from './backtest-history.js';
import { right } from './show-value.js';

const SCORES = [
  ['predicted', 'predicted', 1],
  ['bias', 'bias', 4],
  ['MAE', 'mae', 4],
  ['RMSE', 'rmse', 4],
  ['MSLE', 'msle', 4],
  ['Pearson', 'pearson', 4],
  ['Spearman', 'spearman', 4],
  ['Gini (normalised)', 'normalizedGini', 4],
  ['decile MAPE', 'decileMape', 4],
] as const satisfies readonly (readonly [string, keyof ForecastScores, number])[];

const cell = (value: number | null, digits: number): string | null =>
  value?.toFixed(digits) ?? null;

/** A back-test for people. */
export function showBacktest(report: Reporter, answers: readonly WindowAnswer[]): void {
  for (const answer of answers) showWindow(report, answer);
}

function showWindow(report: Reporter, answer: WindowAnswer): void {
  const { fit, calibrationEnd, holdoutEnd, model, naive, intervals } = answer;
  report.say(`${fit.kind}, fitted until ${calibrationEnd}, judged until ${holdoutEnd}`);
  report.say(`${model.customers} customers, ${model.actual} purchases happened`);
  report.table(
    ['score', right(fit.kind), right('naive x/T')],
    SCORES.map(([title, key, digits]) => [
      title,
      cell(model[key], digits),
      cell(naive[key], digits),
    ]),
  );
  const { level, total } = intervals;
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  report.say(
    `${share(level)} intervals: ${share(intervals.coverage ?? 0)} of the customers inside, mean score ` +
      `${intervals.meanScore.toFixed(3)}; total ${Math.round(total.low)} to ${Math.round(total.high)} ` +
      `${total.isCovered ? 'holds' : 'misses'} ${total.actual}, score ${total.score.toFixed(1)}`,
  );
  report.say(`MAE of the medians ${intervals.medianMae.toFixed(4)}`);
  for (const { code, message } of fit.warnings) report.warn(`${code}: ${message}`);
}
