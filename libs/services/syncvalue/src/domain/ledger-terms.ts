import { dayNumber, kernelErrors, startOfDay } from '@kiki/kernel';
import { orderLogErrors } from '@kiki/orderlog';
import { problemOf, type RowProblem, type Transaction } from './transaction.js';

/** What holds for a tenant's whole log. */
export interface LedgerTerms {
  readonly currency: string;
  /** Whose calendar days merge purchases. */
  readonly timeZone: string;
  /** First day with a transaction, days since 1970-01-01. */
  readonly firstDay: number;
  /** Newest day with a transaction. */
  readonly newestDay: number;
  readonly transactionCount: bigint;
}

/** A row on its calendar day. */
export interface DatedTransaction extends Transaction {
  readonly day: number;
}

/** Sorts rows into those that fit the log and those that do not. */
export function admit(
  rows: readonly Transaction[],
  { currency, timeZone }: Pick<LedgerTerms, 'currency' | 'timeZone'>,
): { readonly admitted: DatedTransaction[]; readonly problems: RowProblem[] } {
  const admitted: DatedTransaction[] = [];
  const problems: RowProblem[] = [];
  for (const row of rows) {
    if (row.currency !== '' && row.currency !== currency) {
      const error = kernelErrors.currency_mismatch(
        `The tenant's log is in ${currency}, the row in ${row.currency}.`,
      );
      problems.push(problemOf(row, error, 'currency'));
    } else {
      admitted.push({ ...row, day: dayNumber(row.occurredAtMs, timeZone) });
    }
  }
  return { admitted, problems };
}

/** Refusals of rows that name no currency while the tenant has none. */
export function withoutCurrency(rows: readonly Transaction[]): RowProblem[] {
  const error = orderLogErrors.order_currency_invalid(
    'The first rows of a tenant must name their currency.',
  );
  return rows.map((row) => problemOf(row, error, 'currency'));
}

/** A calendar day of the log as the instant at which it begins. */
export function dayInstant(day: number, terms: Pick<LedgerTerms, 'timeZone'>): Date {
  return new Date(startOfDay(day, terms.timeZone));
}

/** The calendar day of an instant in the log's time zone. */
export function dayOfInstant(instant: Date, terms: Pick<LedgerTerms, 'timeZone'>): number {
  return dayNumber(instant.getTime(), terms.timeZone);
}
