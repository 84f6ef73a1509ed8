import { DAY_MS, isTimeZone, microsFromWire, startOfDay, type FieldProblem } from '@kiki/kernel';
import type { z } from 'zod';
import type { ExternalReport } from '../../domain/money-out/external-spend.js';
import { errors } from '../../errors.js';
import type { ExternalSpendBody } from './external-spend.schema.js';

type Wire = z.infer<typeof ExternalSpendBody>['reports'][number];

const MAX_INTERVAL_MS = 31 * DAY_MS;

/** Reports as the code sees them. @throws external_spend_invalid naming every field that is wrong */
export function externalReports(reports: readonly Wire[]): ExternalReport[] {
  const problems: FieldProblem[] = [];
  const read = reports.map((report, index) => {
    const found = problemsOf(report);
    problems.push(
      ...found.map(({ field, expected }) => ({ field: `reports[${index}].${field}`, expected })),
    );
    return found.length > 0 ? undefined : toReport(report);
  });
  if (problems.length > 0) throw errors.external_spend_invalid(undefined, { fields: problems });
  return read.filter((report) => report !== undefined);
}

function problemsOf(report: Wire): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const check = (isRight: boolean, field: string, expected: string): void => {
    if (!isRight) problems.push({ field, expected });
  };
  const { day, timeZone, from, to, version, reportedAt } = report;
  if (day !== undefined) {
    check(from === undefined && to === undefined, 'from', 'either a day, or from and to');
    check(isTimeZone(timeZone ?? 'UTC'), 'timeZone', 'an IANA time zone such as Europe/Berlin');
  } else {
    check(from !== undefined && to !== undefined, 'day', 'a day, or both from and to');
    check(timeZone === undefined, 'timeZone', 'nothing: instants need no time zone');
    const lengthMs = Date.parse(to ?? '') - Date.parse(from ?? '');
    check(
      !(lengthMs <= 0 || lengthMs > MAX_INTERVAL_MS),
      'to',
      'an instant up to 31 days after from',
    );
  }
  const isOne = (version === undefined) !== (reportedAt === undefined);
  check(isOne, 'version', 'exactly one of version and reportedAt');
  return problems;
}

function toReport(report: Wire): ExternalReport {
  const { source, account = '', campaignRef = '', currency, amountMicros, reportedAt } = report;
  return {
    ...{ source, account, campaignRef, currency, ...intervalOf(report) },
    version: BigInt(report.version ?? Date.parse(reportedAt ?? '')),
    amountMicros: microsFromWire(amountMicros),
    isCovered: report.isCoveredByHolds,
  };
}

function intervalOf({
  day,
  timeZone = 'UTC',
  from = '',
  to = '',
}: Wire): Pick<ExternalReport, 'fromMs' | 'toMs' | 'day' | 'timeZone'> {
  if (day === undefined) return { fromMs: Date.parse(from), toMs: Date.parse(to) };
  const number = Date.parse(day) / DAY_MS;
  const fromMs = startOfDay(number, timeZone);
  return { fromMs, toMs: startOfDay(number + 1, timeZone), day, timeZone };
}
