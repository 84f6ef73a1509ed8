import type { FitKind } from './model.js';

/** What a caller may ask for: a kind, or whatever the log has enough for. */
export type AskedKind = FitKind | 'chosen';

/** A log as the choice sees it. */
export interface ChoiceFacts {
  readonly customers: number;
  readonly repeatCustomers: number;
  /** From the first purchase to the last day that the fit may see. */
  readonly spanDays: number;
}

/** A quarter to learn from, forecast by models fitted to at least two. */
const MIN_SPAN_DAYS = 3 * 91;
/** Fewer say nothing of how far a quarter may be off. */
const MIN_CUSTOMERS = 500;
const MIN_REPEAT_CUSTOMERS = 100;
/** A fit of the ensemble to more, with its back-test, would take longer than about a minute. */
export const MAX_CHOSEN_CUSTOMERS = 100_000;

/**
 * The ensemble where a log has the span and the size to calibrate it and is small enough to be fitted within about a
 * minute; otherwise the likeliest of the published models.
 */
export function chosenKind(log: ChoiceFacts): FitKind {
  const isCalibratable =
    log.spanDays >= MIN_SPAN_DAYS &&
    log.customers >= MIN_CUSTOMERS &&
    log.repeatCustomers >= MIN_REPEAT_CUSTOMERS;
  return isCalibratable && log.customers <= MAX_CHOSEN_CUSTOMERS ? 'ensemble' : 'auto';
}
