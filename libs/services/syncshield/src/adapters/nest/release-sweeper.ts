import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Ledger } from '../../application/ledger.js';
import type { LedgerObserver } from '../../application/ledger-observer.js';
import { Periodically } from './periodically.js';

/** Gives money back whose grace is over; any number of processes may run one. */
export class ReleaseSweeper extends Periodically {
  constructor(
    ledger: Ledger,
    observer: LedgerObserver,
    everyMs: number,
    clock: Clock,
    logger: Logger,
  ) {
    const run = async (): Promise<boolean> => {
      const report = await ledger.releaseDue();
      observer.released(report);
      return report.hasMore && report.released > 0;
    };
    super([{ name: 'giving back money', everyMs, run }], clock, logger);
  }
}
