import type { Clock, Random } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Outbox, TransactionSink } from './outbox.js';

const BATCH = 1_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

interface Backoff {
  failures: number;
  untilMs: number;
}

/**
 * Tells SyncValue about orders, oldest first per tenant, until the outbox is empty. A row leaves it
 * only when SyncValue has answered for it; told twice (a crash, two processes) it has one effect
 * there, because its transaction id stays the same. A tenant whose call failed waits, doubling up
 * to a minute, with jitter; the others go on.
 */
export class ForwardTransactions {
  private readonly backoff = new Map<string, Backoff>();

  constructor(
    private readonly outbox: Outbox,
    private readonly sink: TransactionSink,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly logger: Logger,
  ) {}

  /** Sends what is due; returns how many rows were answered for. */
  async execute(): Promise<number> {
    let answered = 0;
    for (const tenant of await this.outbox.tenants()) {
      if ((this.backoff.get(tenant)?.untilMs ?? 0) > this.clock.monotonicMs()) continue;
      answered += await this.drain(tenant);
    }
    return answered;
  }

  private async drain(tenant: string): Promise<number> {
    let answered = 0;
    try {
      for (;;) {
        const { sent, outcomes } = await this.outbox.forward(tenant, BATCH, (rows) =>
          this.sink.send(tenant, rows),
        );
        this.warnOfRejections(tenant, outcomes);
        answered += outcomes.length;
        if (outcomes.length < sent || sent < BATCH) break;
      }
      this.backoff.delete(tenant);
    } catch (error) {
      this.wait(tenant, error);
    }
    return answered;
  }

  private wait(tenant: string, error: unknown): void {
    const failures = (this.backoff.get(tenant)?.failures ?? 0) + 1;
    const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
    const waitMs = full / 2 + (full / 2) * this.random.nextDouble();
    this.backoff.set(tenant, { failures, untilMs: this.clock.monotonicMs() + waitMs });
    this.logger.warn('orders could not be forwarded, will retry', {
      tenant,
      failures,
      waitMs: Math.round(waitMs),
      error,
    });
  }

  private warnOfRejections(
    tenant: string,
    outcomes: readonly { transactionId: string; rejectedBecause?: string }[],
  ): void {
    for (const { transactionId, rejectedBecause } of outcomes) {
      if (rejectedBecause === undefined) continue;
      this.logger.warn('SyncValue refused an order', { tenant, transactionId, rejectedBecause });
    }
  }
}
