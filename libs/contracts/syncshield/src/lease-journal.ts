/** What an earlier process of this node may have spent of a lease that it did not finish. */
export interface LeftLease {
  readonly leaseId: string;
  readonly uptoMicros: bigint;
}

/** One line: of that lease up to so much may be spent. */
export type JournalLine = LeftLease;

/**
 * Keeps, across the death of a process, how much it may have spent. It is written ahead: nothing is
 * spent beyond what is on disk, so a later start never reports too little.
 */
export abstract class LeaseJournal {
  /** What earlier processes left, as found when the journal was opened. */
  abstract readonly left: readonly LeftLease[];
  /** Larger than the epoch of every process that wrote here before. */
  abstract readonly epoch: number;
  /** Resolves when the lines are on disk. One call at a time. */
  abstract write(lines: readonly JournalLine[]): Promise<void>;
  /** The service has acknowledged the last word on the lease. */
  abstract forget(leaseId: string): void;
  /** Ends the journal; what is not forgotten stays for the next start. */
  abstract close(): Promise<void>;
}
