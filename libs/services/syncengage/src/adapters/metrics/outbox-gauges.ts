import type { Clock } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import type { Outbox } from '../../application/outbox.js';

/** Shows how far the outbox is behind, as of the last look. */
export class OutboxGauges {
  private readonly pending;
  private readonly rejected;
  private readonly lag;
  /** Milliseconds, as of the last look. */
  lagMs = 0;

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.pending = metrics.gauge({
      name: 'outbox_pending',
      help: 'Orders that SyncValue has not answered for.',
    });
    this.rejected = metrics.gauge({
      name: 'outbox_rejected',
      help: 'Orders that SyncValue refused.',
    });
    this.lag = metrics.gauge({
      name: 'outbox_lag_seconds',
      help: 'Age of the oldest order that SyncValue has not answered for.',
    });
  }

  /** Looks. @throws unavailable */
  async update(): Promise<void> {
    const { pending, rejected, oldestAt } = await this.outbox.lag();
    this.lagMs = oldestAt === undefined ? 0 : Math.max(0, this.clock.nowMs() - oldestAt.getTime());
    this.pending.set(pending);
    this.rejected.set(rejected);
    this.lag.set(this.lagMs / 1_000);
  }
}
