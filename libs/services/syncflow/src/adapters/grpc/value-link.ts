import { customerById, type SyncValueClient } from '@kiki/contract-syncvalue';
import type { Readiness } from '@kiki/health';
import { DEFAULT_TENANT, type Clock } from '@kiki/kernel';
import type { ValueBreaker } from './value-breaker.js';

/** How often an open circuit is looked at, milliseconds; the breaker itself decides when a probe may pass. */
const PROBE_EVERY_MS = 250;

/**
 * Watches over the link to SyncValue: shows the breaker in `/ready`, and probes as soon as it may half-open, so that
 * recovery costs no bid and does not wait for one.
 */
export class ValueLink {
  private readonly stopping = new AbortController();
  private watching: Promise<void> | undefined;

  constructor(
    private readonly client: SyncValueClient,
    private readonly breaker: ValueBreaker,
    private readonly readiness: Readiness,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  start(): void {
    // Values have a fallback, so an open circuit degrades the service and does not make it unready.
    this.readiness.add('syncvalue', async () => {
      const { state } = this.breaker;
      return { status: state === 'closed' ? 'up' : 'degraded', breaker: state };
    });
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
    this.client.close();
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.breaker.state !== 'closed') await this.probe();
      await this.clock.sleep(PROBE_EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** One small call; while the circuit is open it fails without leaving the process. */
  private async probe(): Promise<void> {
    const call = { tenant: DEFAULT_TENANT, deadlineMs: this.timeoutMs };
    const { signal } = this.stopping;
    await this.breaker
      .run(() => this.client.predict(customerById('probe'), undefined, { ...call, signal }))
      .catch(() => undefined);
  }
}
