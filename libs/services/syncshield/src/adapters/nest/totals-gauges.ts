import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import { Periodically } from './periodically.js';

/** What the root budgets of a currency spent and hold. */
interface Totals {
  readonly currency: string;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
}

/** Keeps the gauges of held and spent money up to date. */
export class TotalsGauges extends Periodically {
  constructor(
    read: () => Promise<readonly Totals[]>,
    everyMs: number,
    clock: Clock,
    logger: Logger,
    metrics: Metrics,
  ) {
    const labelNames = ['currency'] as const;
    const help = 'of all root budgets, micros.';
    const spent = metrics.gauge({ name: 'spent_micros', help: `Spent ${help}`, labelNames });
    const held = metrics.gauge({ name: 'held_micros', help: `Held ${help}`, labelNames });
    const run = async (): Promise<void> => {
      for (const { currency, spentMicros, heldMicros } of await read()) {
        spent.set({ currency }, Number(spentMicros));
        held.set({ currency }, Number(heldMicros));
      }
    };
    super([{ name: 'reading totals of money', everyMs, run }], clock, logger);
  }
}
