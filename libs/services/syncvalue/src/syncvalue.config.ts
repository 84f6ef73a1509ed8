import { defineConfig, flag, integer, variable, type ConfigOf } from '@kiki/config';
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
    doc: 'Fits, back-tests and forecasts at a time in one process, each in a process of its own.',
  }),
  modelCacheEntries: variable({
    env: 'SYNCVALUE_MODEL_CACHE_ENTRIES',
    schema: integer({ min: 1, max: 100_000, default: 1000 }),
    doc: 'Models kept in memory; they never change, and labels are looked up at every call.',
  }),
  stateCacheEntries: variable({
    env: 'SYNCVALUE_STATE_CACHE_ENTRIES',
    schema: integer({ min: 1, max: 10_000_000, default: 100_000 }),
    doc: 'Customers whose state is kept in memory until their log grows; about 300 bytes each.',
  }),
  futureToleranceHours: variable({
    env: 'SYNCVALUE_FUTURE_TOLERANCE_HOURS',
    schema: integer({ min: 0, max: 8760, default: 36 }),
    doc: 'How far a transaction may lie ahead of the clock, hours.',
  }),
  gateMaxMaeRatio: variable({
    env: 'SYNCVALUE_GATE_MAX_MAE_RATIO',
    schema: decimal({ min: 0, max: 100, default: 1 }),
    doc: 'A champion’s MAE on its back-test may be at most this many times that of the naive forecast.',
  }),
  gateMaxBias: variable({
    env: 'SYNCVALUE_GATE_MAX_BIAS',
    schema: decimal({ min: 0, max: 100, default: 0.25 }),
    doc: 'Most |predicted / actual − 1| of a champion, to which two standard errors of the count are added.',
  }),
  gateMaxSpendBias: variable({
    env: 'SYNCVALUE_GATE_MAX_SPEND_BIAS',
    schema: decimal({ min: 0, max: 100, default: 0.4 }),
    doc: 'Most |predicted / actual − 1| of a champion’s back-tested money, to which two standard errors are added.',
  }),
  gateMaxDecileMape: variable({
    env: 'SYNCVALUE_GATE_MAX_DECILE_MAPE',
    schema: decimal({ min: 0, max: 100, default: 0.5 }),
    doc: 'Most mean error of a champion’s deciles; asked where each has 10 purchases or more.',
  }),
  gateGiniTolerance: variable({
    env: 'SYNCVALUE_GATE_GINI_TOLERANCE',
    schema: decimal({ min: 0, max: 1, default: 0.01 }),
    doc: 'How far a new champion’s normalised Gini may lie below the old one’s on the same window.',
  }),
  upkeepEverySeconds: variable({
    env: 'SYNCVALUE_UPKEEP_EVERY_SECONDS',
    schema: integer({ min: 1, max: 86_400, default: 60 }),
    doc: 'How often values of all customers, drift and shadow comparison are brought up to date, seconds.',
  }),
  shadowShare: variable({
    env: 'SYNCVALUE_SHADOW_SHARE',
    schema: decimal({ min: 0, max: 1, default: 0.01 }),
    doc: 'Share of the predictions that the challenger makes too, afterwards and never in an answer.',
  }),
  refitEveryHours: variable({
    env: 'SYNCVALUE_REFIT_EVERY_HOURS',
    schema: decimal({ min: 0, max: 87_600, default: 0 }),
    doc: 'How often the champion’s recipe is fitted anew to a log that has grown, hours; 0: never.',
  }),
  refitPromotes: variable({
    env: 'SYNCVALUE_REFIT_PROMOTES',
    schema: flag(false),
    doc: 'true: a refit that passes the gates becomes champion; false: it stays challenger.',
  }),
  onnxMaxMib: variable({
    env: 'SYNCVALUE_ONNX_MAX_MIB',
    schema: integer({ min: 1, max: 1024, default: 64 }),
    doc: 'Largest ONNX graph that may be imported, MiB.',
  }),
  onnxProcesses: variable({
    env: 'SYNCVALUE_ONNX_PROCESSES',
    schema: integer({ min: 1, max: 64, default: 4 }),
    doc: 'Brought models that are kept loaded, each in a process of its own.',
  }),
  onnxRunTimeoutMs: variable({
    env: 'SYNCVALUE_ONNX_RUN_TIMEOUT_MS',
    schema: integer({ min: 100, max: 600_000, default: 10_000 }),
    doc: 'Longest run of a brought model for one message; its process is ended then, milliseconds.',
  }),
});

/** SyncValue's configuration as the code sees it. */
export type SyncvalueConfig = ConfigOf<typeof syncvalueConfig.variables>;
