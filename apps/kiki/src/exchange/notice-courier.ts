import { kernelErrors, type Clock } from '@kiki/kernel';
import type { SimulatedExchange, SimulatedNotice } from '@kiki/exchange-sim';
import { outcomeOf } from './exchange-wire.js';

const BATCH = 500;
const IDLE_MS = 20;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/** Delivers the notices that are due to SyncFlow, in order, and repeats what was not confirmed until it is. */
export class NoticeCourier {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private waiting: SimulatedNotice[] = [];
  /** Notices that SyncFlow confirmed. */
  delivered = 0;
  /** Attempts that failed. */
  retries = 0;

  constructor(
    private readonly exchange: SimulatedExchange,
    private readonly outcomes: { readonly url: string; readonly key: string },
    private readonly clock: Clock,
  ) {}

  /** Notices that are still on their way. */
  get pending(): number {
    return this.exchange.pending + this.waiting.length;
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = FIRST_RETRY_MS;
    while (!this.stopping.signal.aborted) {
      this.waiting.push(...this.exchange.due(this.clock.nowMs()));
      if (this.waiting.length === 0) {
        await this.pause(IDLE_MS);
        continue;
      }
      try {
        await this.deliver(this.waiting.slice(0, BATCH));
        this.waiting = this.waiting.slice(BATCH);
        pauseMs = FIRST_RETRY_MS;
      } catch {
        this.retries++;
        await this.pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  private async deliver(notices: readonly SimulatedNotice[]): Promise<void> {
    const response = await fetch(this.outcomes.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.outcomes.key}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ outcomes: notices.map(outcomeOf) }),
      signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(10_000)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw kernelErrors.unavailable(`SyncFlow answered ${response.status}.`);
    this.delivered += notices.length;
  }

  private pause(ms: number): Promise<void> {
    return this.clock.sleep(ms, this.stopping.signal).catch(() => undefined);
  }
}
