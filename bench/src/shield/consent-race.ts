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

/** How far ahead of the latest act somebody is picked: what is about to happen, and was asked about already. */
const AHEAD = 120;
const PICKS = 8;

/**
 * Withdrawals that race with acts: each act that is seen from outside withdraws the consent of somebody who is about to
 * be acted on, so that both go on together at any speed. Customers are acted on in their order. Times are those of this
 * process's clock.
 */
export class ConsentRace {
  private readonly actedMs = new Map<string, number[]>();
  private readonly acknowledgedMs = new Map<string, number>();
  private readonly left: Set<string>;
  private readonly placeOf: ReadonlyMap<string, number>;
  private readonly random: SeededRandom;
  private readonly running = new Set<Promise<void>>();
  private place = 0;
  private wanted = 0;

  constructor(
    private readonly consent: ConsentApi,
    private readonly tenant: string,
    private readonly customers: readonly string[],
    seed: number,
  ) {
    this.left = new Set(customers);
    this.placeOf = new Map(customers.map((id, place) => [id, place]));
    this.random = new SeededRandom(seed);
  }

  /** Somebody was written to or bid for. */
  acted(customerId: string): void {
    const known = this.actedMs.get(customerId);
    const nowMs = performance.now();
    if (known === undefined) this.actedMs.set(customerId, [nowMs]);
    else known.push(nowMs);
    this.place = Math.max(this.place, this.placeOf.get(customerId) ?? 0);
    this.wanted++;
    this.pump();
  }

  /** Resolves when the withdrawals that acts have set off are acknowledged. */
  async keptUp(): Promise<void> {
    while (this.running.size > 0) await Promise.race(this.running);
  }

  /** Withdraws for everybody who is left; resolves when all is acknowledged. */
  async finish(): Promise<RaceResult> {
    this.wanted = Number.POSITIVE_INFINITY;
    this.pump();
    await this.keptUp();
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
    while (this.wanted > 0 && this.running.size < MAX_IN_FLIGHT && this.left.size > 0) {
      this.wanted--;
      const work: Promise<void> = this.withdrawOne().finally(() => {
        this.running.delete(work);
        this.pump();
      });
      this.running.add(work);
    }
  }

  private async withdrawOne(): Promise<void> {
    const customerId = this.pick();
    this.left.delete(customerId);
    await this.consent.withdraw(this.tenant, { customerId, source: 'bench' });
    this.acknowledgedMs.set(customerId, performance.now());
  }

  private pick(): string {
    for (let i = 0; i < PICKS; i++) {
      const id = this.customers[this.place + 1 + this.random.nextInt(AHEAD)];
      if (id !== undefined && this.left.has(id)) return id;
    }
    const [first = ''] = this.left;
    return first;
  }
}
