import type { ForecastScores } from '@kiki/clv';
import type { Reporter } from '@kiki/cli';
import type { FitAnswer, SpendAnswer } from './fit-history.js';

const right = (title: string) => ({ title, align: 'right' as const });

/** A fit for people. */
export function showFit(
  report: Reporter,
  fit: FitAnswer & {
    readonly timeUnit: string;
    readonly calibrationEnd: string;
    readonly spend: SpendAnswer | null;
  },
): void {
  const { kind, requested, timeUnit, calibrationEnd } = fit;
  report.say(
    `${kind}${kind === requested ? '' : ` (asked for: ${requested})`}, time in ${timeUnit}s until ${calibrationEnd}`,
  );
  report.table(
    ['parameter', right('value'), right('standard error')],
    Object.entries(fit.parameters).map(([name, value]) => [
      name,
      value.toPrecision(7),
      fit.standardErrors?.[name]?.toPrecision(4),
    ]),
  );
  report.say(
    `log-likelihood ${fit.logLikelihood.toFixed(4)}, ${fit.n} customers, ${fit.repeatCustomers} of them repeat`,
  );
  if (fit.spend) {
    const { kind: spendKind, parameters } = fit.spend;
    const values = Object.entries(parameters).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    report.say(`spend: ${spendKind}, ${values.join(', ')}`);
  }
  for (const { code, message } of [...fit.warnings, ...(fit.spend?.warnings ?? [])]) {
    report.warn(`${code}: ${message}`);
  }
}

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
] as const;

/** A back-test for people. */
export function showBacktest(
  report: Reporter,
  answer: FitAnswer & {
    readonly calibrationEnd: string;
    readonly holdoutEnd: string;
    readonly model: ForecastScores;
    readonly naive: ForecastScores;
  },
): void {
  const { kind, calibrationEnd, holdoutEnd, model, naive } = answer;
  report.say(`${kind}, fitted until ${calibrationEnd}, judged until ${holdoutEnd}`);
  report.say(`${model.customers} customers, ${model.actual} purchases happened`);
  const cell = (value: number | null, digits: number) => value?.toFixed(digits) ?? null;
  report.table(
    ['score', right(kind), right('naive x/T')],
    SCORES.map(([title, key, digits]) => [
      title,
      cell(model[key], digits),
      cell(naive[key], digits),
    ]),
  );
  for (const { code, message } of answer.warnings) report.warn(`${code}: ${message}`);
}
