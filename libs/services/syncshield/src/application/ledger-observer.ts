import type { LedgerOutcome, ReleaseReport } from './ledger.js';

/** Watches the money path, for metrics; never throws. */
export abstract class LedgerObserver {
  /** One transaction was decided. */
  abstract decided(outcomes: readonly LedgerOutcome[], seconds: number): void;
  /** A batch came to nothing. */
  abstract failed(error: unknown, seconds: number): void;
  /** One pass of the sweeper. */
  abstract released(report: ReleaseReport): void;
}
