import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** What the root budgets of a currency spent and hold. */
interface Totals {
  readonly currency: string;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
}

/** Keeps the gauges of held and spent money up to date. */
export class TotalsGauges implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private readonly spent;
  private readonly held;

  constructor(
    private readonly read: () => Promise<readonly Totals[]>,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    const labelNames = ['currency'] as const;
    const help = 'of all root budgets, micros.';
    this.spent = metrics.gauge({ name: 'spent_micros', help: `Spent ${help}`, labelNames });
    this.held = metrics.gauge({ name: 'held_micros', help: `Held ${help}`, labelNames });
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        for (const { currency, spentMicros, heldMicros } of await this.read()) {
          this.spent.set({ currency }, Number(spentMicros));
          this.held.set({ currency }, Number(heldMicros));
        }
      } catch (error) {
        this.logger.debug('totals could not be read', { error });
      }
      await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }
}
