import { defineConfig, integer, variable, type ConfigOf } from '@kiki/config';
import { z } from 'zod';

/** A decimal number within bounds. */
function decimal(options: {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}) {
  const expected = `a number from ${options.min} to ${options.max}`;
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, expected)
    .transform(Number)
    .pipe(z.number().min(options.min, expected).max(options.max, expected))
    .default(options.default);
}

/** SyncValue's own variables. */
export const syncvalueConfig = defineConfig('syncvalue', {
  horizonDays: variable({
    env: 'SYNCVALUE_HORIZON_DAYS',
    schema: decimal({ min: 1, max: 36_525, default: 365.25 }),
    doc: 'How far a prediction looks ahead when the caller does not say, days (12 months of 30.4375).',
  }),
  annualDiscountRate: variable({
    env: 'SYNCVALUE_ANNUAL_DISCOUNT_RATE',
    schema: decimal({ min: 0, max: 10, default: 0.1 }),
    doc: 'Yearly rate that discounts future purchases when the caller does not say.',
  }),
  margin: variable({
    env: 'SYNCVALUE_MARGIN',
    schema: decimal({ min: 0.000001, max: 1, default: 1 }),
    doc: 'Share of revenue that is kept when the caller does not say.',
  }),
  modelMaxAgeDays: variable({
    env: 'SYNCVALUE_MODEL_MAX_AGE_DAYS',
    schema: integer({ min: 1, max: 3650, default: 35 }),
    doc: 'Age from which answers are stamped as stale, days since the model was fitted.',
  }),
  fitConcurrency: variable({
    env: 'SYNCVALUE_FIT_CONCURRENCY',
    schema: integer({ min: 1, max: 32, default: 1 }),
    doc: 'Fits and back-tests that run at a time in one process, each on a thread of its own.',
  }),
  modelCacheEntries: variable({
    env: 'SYNCVALUE_MODEL_CACHE_ENTRIES',
    schema: integer({ min: 1, max: 100_000, default: 1000 }),
    doc: 'Models kept in memory; they never change, and labels are looked up at every call.',
  }),
  futureToleranceHours: variable({
    env: 'SYNCVALUE_FUTURE_TOLERANCE_HOURS',
    schema: integer({ min: 0, max: 8760, default: 36 }),
    doc: 'How far a transaction may lie ahead of the clock, hours.',
  }),
});

/** SyncValue's configuration as the code sees it. */
export type SyncvalueConfig = ConfigOf<typeof syncvalueConfig.variables>;
