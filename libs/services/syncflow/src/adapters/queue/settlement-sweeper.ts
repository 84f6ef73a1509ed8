import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { SettleOutcomes } from '../../application/settle-outcomes.js';

/** Runs the settlement of outcomes every now and then, for what a crash or an outage has left. */
export class SettlementSweeper {
  private readonly stopping = new AbortController();
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly settle: SettleOutcomes,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.sweeping = this.sweep();
  }

  /** Lets a run that is under way finish. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.sweeping;
    await this.settle.idle();
  }

  private async sweep(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.settle.execute().catch((error: unknown) => {
        this.logger.warn('settling outcomes failed, will retry', { error });
      });
      await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }
}
