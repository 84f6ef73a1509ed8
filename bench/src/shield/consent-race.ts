import type { ConsentApi } from '@kiki/contract-syncshield';
import { SeededRandom } from '@kiki/kernel';

/** What a race came to. */
export interface RaceResult {
  readonly trials: number;
  /** Customers that were acted on at all. */
  readonly acted: number;
  /** Customers that were acted on more than a second after their withdrawal was acknowledged. */
  readonly late: readonly string[];
  /** The latest act after an acknowledgement, milliseconds; 0 when none came after one. */
  readonly latestMs: number;
}

/** Most withdrawals on their way at a time. */
const MAX_IN_FLIGHT = 16;
const BOUND_MS = 1_000;

/**
 * Withdrawals of customers in random order, set off by the acts that they race with: each act that is seen from outside
 * withdraws one customer's consent, so that both go on together at any speed. Times are those of this process's clock.
 */
export class ConsentRace {
  private readonly actedMs = new Map<string, number[]>();
  private readonly acknowledgedMs = new Map<string, number>();
  private readonly left: string[];
  private readonly random: SeededRandom;
  private readonly running = new Set<Promise<void>>();
  private wanted = 0;

  constructor(
    private readonly consent: ConsentApi,
    private readonly tenant: string,
    private readonly customers: readonly string[],
    seed: number,
  ) {
    this.left = [...customers];
    this.random = new SeededRandom(seed);
  }

  /** Somebody was written to or bid for. */
  acted(customerId: string): void {
    const known = this.actedMs.get(customerId);
    const nowMs = performance.now();
    if (known === undefined) this.actedMs.set(customerId, [nowMs]);
    else known.push(nowMs);
    this.wanted++;
    this.pump();
  }

  /** Withdraws for everybody who is left; resolves when all is acknowledged. */
  async finish(): Promise<RaceResult> {
    this.wanted = Number.POSITIVE_INFINITY;
    this.pump();
    while (this.running.size > 0) await Promise.race(this.running);
    const delays = this.customers.flatMap((id) => {
      const acknowledgedMs = this.acknowledgedMs.get(id) ?? Number.NaN;
      const lastMs = Math.max(...(this.actedMs.get(id) ?? [0]));
      return [{ id, delayMs: lastMs - acknowledgedMs }];
    });
    return {
      trials: this.customers.length,
      acted: this.actedMs.size,
      late: delays.filter(({ delayMs }) => delayMs > BOUND_MS).map(({ id }) => id),
      latestMs: Math.max(0, ...delays.map(({ delayMs }) => delayMs)),
    };
  }

  private pump(): void {
    while (this.wanted > 0 && this.running.size < MAX_IN_FLIGHT && this.left.length > 0) {
      this.wanted--;
      const work: Promise<void> = this.withdrawOne().finally(() => {
        this.running.delete(work);
        this.pump();
      });
      this.running.add(work);
    }
  }

  private async withdrawOne(): Promise<void> {
    // The last takes the place of the one that goes: order does not matter, the draw is random anyway.
    const at = this.random.nextInt(this.left.length);
    const customerId = this.left[at] ?? '';
    const last = this.left.pop() ?? '';
    if (at < this.left.length) this.left[at] = last;
    await this.consent.withdraw(this.tenant, { customerId, source: 'bench' });
    this.acknowledgedMs.set(customerId, performance.now());
  }
}
