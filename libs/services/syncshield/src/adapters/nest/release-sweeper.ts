import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Ledger } from '../../application/ledger.js';
import type { LedgerObserver } from '../../application/ledger-observer.js';

/** Gives money back whose grace is over; any number of processes may run one. */
export class ReleaseSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly observer: LedgerObserver,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = this.run();
  }

  /** Lets a pass that is under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.sweeping;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const hasMore = await this.sweep();
      if (!hasMore) await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async sweep(): Promise<boolean> {
    try {
      const report = await this.ledger.releaseDue();
      this.observer.released(report);
      return report.hasMore && report.released > 0;
    } catch (error) {
      this.logger.warn('giving back money failed, will retry', { error });
      return false;
    }
  }
}
