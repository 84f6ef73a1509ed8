import { DomainError, type Clock } from '@kiki/kernel';
import { errors } from '../errors.js';
import { MAX_BATCH, type Ledger, type LedgerCommand, type LedgerOutcome } from './ledger.js';
import type { LedgerObserver } from './ledger-observer.js';
import { NaturalBatcher } from './natural-batcher.js';

/** Codes of a joint transaction that one of its submissions alone may have caused. */
const WORTH_SPLITTING = new Set(['ledger_inconsistent']);

/** Decides commands; callers that come at the same time share one transaction and one commit. */
export class Decide {
  private readonly batcher: NaturalBatcher<LedgerCommand, LedgerOutcome>;

  /** @param maxWaiting most commands that may wait for their transaction */
  constructor(
    private readonly ledger: Ledger,
    private readonly observer: LedgerObserver,
    private readonly clock: Clock,
    maxWaiting: number,
  ) {
    this.batcher = new NaturalBatcher((commands) => this.run(commands), {
      maxBatch: MAX_BATCH,
      maxWaiting,
      overloaded: (waiting) =>
        errors.shield_overloaded(`${waiting} commands are waiting.`, { retryAfterMs: 250 }),
      isWorthSplitting: (error) => !DomainError.is(error) || WORTH_SPLITTING.has(error.code),
    });
  }

  /** Commands that wait for their transaction. */
  get waiting(): number {
    return this.batcher.waiting;
  }

  /**
   * The outcomes in the order of the commands, durable when the promise resolves.
   * @throws shield_overloaded, unavailable, decision_unknown
   */
  async execute(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    if (commands.length > MAX_BATCH) throw errors.batch_too_large();
    if (commands.length === 0) return [];
    return this.batcher.submit(commands);
  }

  private async run(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    const startedMs = this.clock.monotonicMs();
    const seconds = (): number => (this.clock.monotonicMs() - startedMs) / 1_000;
    try {
      const outcomes = await this.ledger.decide(commands);
      this.observer.decided(outcomes, seconds());
      return outcomes;
    } catch (error) {
      this.observer.failed(error, seconds());
      throw error;
    }
  }
}
