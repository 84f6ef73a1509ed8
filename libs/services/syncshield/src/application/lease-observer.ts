/** Watches leases, for metrics; never throws. */
export abstract class LeaseObserver {
  /** An ask was answered: `granted`, or why not. */
  abstract asked(answer: string): void;
  /** A report was taken in: the outcome of its settlement, `unchanged`, or the code of its error. */
  abstract reported(outcome: string): void;
  /** A silent node's lease was closed so late after its time, with so much booked as spent. */
  abstract closed(lagMs: number, presumedMicros: bigint): void;
}
