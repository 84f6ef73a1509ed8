import type { AcquisitionAttributes, ValuedCustomer } from '@kiki/clv';
import { orderLogErrors } from '@kiki/orderlog';
import { errors } from '../errors.js';
import { areUsableAttributes } from './acquisition.js';
import { isUsableId } from './transaction.js';

/** 200 years; the ledger begins in 1900. */
export const MAX_AGE_DAYS = 73_050;

/** A history that the caller knows; times in days. */
export interface KnownStatistics {
  readonly repeatPurchases: number;
  readonly recencyDays: number;
  readonly ageDays: number;
  readonly meanRepeatSpendMicros?: bigint | undefined;
}

/** Whom to predict. */
export type CustomerQuery = Subject | undefined;

/** By id or by what is known, and how they came where the caller knows that. */
type Subject = ({ readonly customerId: string } | { readonly statistics: KnownStatistics }) & {
  readonly acquisition?: AcquisitionAttributes | undefined;
};

/** Why one item has no answer. */
export interface ItemProblem {
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

/** What is wrong with a query; undefined when nothing is. */
export function queryProblem(query: CustomerQuery): ItemProblem | undefined {
  if (query === undefined) return problem(errors.customer_query_invalid(), 'subject');
  if (query.acquisition !== undefined && !areUsableAttributes(query.acquisition)) {
    return problem(errors.acquisition_invalid(), 'acquisition');
  }
  if ('customerId' in query) {
    if (isUsableId(query.customerId)) return undefined;
    return problem(orderLogErrors.customer_id_invalid(), 'customer_id');
  }
  const field = impossibleField(query.statistics);
  if (field === undefined) return undefined;
  const { ageDays } = query.statistics;
  const detail =
    field === 'age_days' ? `Expected 0 to ${MAX_AGE_DAYS} days, not ${ageDays}.` : undefined;
  return problem(errors.statistics_invalid(detail), field);
}

/** Known statistics in units of the model. */
export function statisticsOf(known: KnownStatistics, daysPerUnit: number): ValuedCustomer {
  const spend = known.meanRepeatSpendMicros;
  return {
    frequency: known.repeatPurchases,
    recency: known.recencyDays / daysPerUnit,
    age: known.ageDays / daysPerUnit,
    spendMeanMicros: spend === undefined ? undefined : Number(spend),
  };
}

function impossibleField(known: KnownStatistics): string | undefined {
  const { repeatPurchases, recencyDays, ageDays, meanRepeatSpendMicros } = known;
  if (!(ageDays >= 0 && ageDays <= MAX_AGE_DAYS)) return 'age_days';
  const hasRepeats = repeatPurchases > 0;
  if (!(recencyDays >= 0 && recencyDays <= ageDays) || recencyDays > 0 !== hasRepeats) {
    return 'recency_days';
  }
  if (meanRepeatSpendMicros !== undefined && meanRepeatSpendMicros < 0n) {
    return 'mean_repeat_spend_micros';
  }
  return undefined;
}

function problem(error: Error & { readonly code: string }, field: string): ItemProblem {
  return { code: error.code, message: error.message, field };
}
