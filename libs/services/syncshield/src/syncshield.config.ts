import { defineConfig, integer, variable, type ConfigOf } from '@kiki/config';

/** SyncShield's own variables. */
export const syncshieldConfig = defineConfig('syncshield', {
  maxWaiting: variable({
    env: 'SYNCSHIELD_MAX_WAITING',
    schema: integer({ min: 1_024, max: 1_000_000, default: 16_384 }),
    doc: 'Commands that may wait for their transaction in one process; more get 429.',
  }),
  lockTimeoutMs: variable({
    env: 'SYNCSHIELD_LOCK_TIMEOUT_MS',
    schema: integer({ min: 10, max: 60_000, default: 2_000 }),
    doc: 'Longest wait for a budget tree that another process decides on, milliseconds.',
  }),
  unknownForMs: variable({
    env: 'SYNCSHIELD_UNKNOWN_FOR_MS',
    schema: integer({ min: 0, max: 60_000, default: 5_000 }),
    doc: 'How long a decision whose COMMIT was not answered is asked for again, milliseconds.',
  }),
  sweepIntervalMs: variable({
    env: 'SYNCSHIELD_SWEEP_INTERVAL_MS',
    schema: integer({ min: 10, max: 600_000, default: 500 }),
    doc: 'How often money is given back whose grace is over, milliseconds.',
  }),
  totalsIntervalMs: variable({
    env: 'SYNCSHIELD_TOTALS_INTERVAL_MS',
    schema: integer({ min: 100, max: 3_600_000, default: 10_000 }),
    doc: 'How often the gauges of held and spent money are read, milliseconds.',
  }),
});

/** SyncShield's configuration as the code sees it. */
export type SyncshieldConfig = ConfigOf<typeof syncshieldConfig.variables>;
