import { invalid } from './errors.js';

/** The unit in which a model measures time; part of the model. */
export type TimeUnit = 'day' | 'week' | 'month';

/** Days of one month: 365.25 / 12. */
export const DAYS_PER_MONTH = 30.4375;

/** Days of one unit: 1, 7 or 30.4375. */
export const DAYS_PER_UNIT: Readonly<Record<TimeUnit, number>> = {
  day: 1,
  week: 7,
  month: DAYS_PER_MONTH,
};

/** Checks a time unit. @throws clv_parameter_invalid */
export function timeUnitOf(text: string): TimeUnit {
  if (text === 'day' || text === 'week' || text === 'month') return text;
  throw invalid('timeUnit', 'day, week or month');
}

/** Days in the unit of a model. */
export function daysToUnits(days: number, unit: TimeUnit): number {
  return days / DAYS_PER_UNIT[unit];
}

/** Months (30.4375 days each) in the unit of a model. */
export function monthsToUnits(months: number, unit: TimeUnit): number {
  return (months * DAYS_PER_MONTH) / DAYS_PER_UNIT[unit];
}
