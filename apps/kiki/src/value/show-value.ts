import type { Reporter } from '@kiki/cli';
import type { FitAnswer, SpendAnswer } from './fit-history.js';

/** A column of numbers. */
export const right = (title: string) => ({ title, align: 'right' as const });

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
  const likelihood =
    fit.logLikelihood === null ? '' : `log-likelihood ${fit.logLikelihood.toFixed(4)}, `;
  report.say(`${likelihood}${fit.n} customers, ${fit.repeatCustomers} of them repeat`);
  if (fit.spend) {
    const { kind: spendKind, parameters } = fit.spend;
    const values = Object.entries(parameters).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    report.say(`spend: ${spendKind}, ${values.join(', ')}`);
  }
  for (const { code, message } of [...fit.warnings, ...(fit.spend?.warnings ?? [])]) {
    report.warn(`${code}: ${message}`);
  }
}
