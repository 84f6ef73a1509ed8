/** Keeps what rules learn from the ledger up to date, apart from decisions. */
export abstract class SpendLearning {
  /** One pass, bounded; true when more is left to do. */
  abstract learn(): Promise<boolean>;
}

/** An acquisition that a caller reports; its id is the idempotency key. */
export interface AcquisitionInput {
  readonly id: string;
  readonly budgetId: string;
  readonly count: number;
  /** When it happened, ms since the epoch; now by default. */
  readonly atMs?: number;
}

/** What became of a report. */
export interface AcquisitionReceipt {
  readonly recorded: number;
  /** Known already. */
  readonly repeated: number;
}

/** Acquisitions, against which `max_cac` holds spending. */
export abstract class Acquisitions {
  /**
   * All or none; an id that is known counts once.
   * @throws budget_not_found, idempotency_conflict
   */
  abstract record(
    tenant: string,
    actor: string,
    acquisitions: readonly AcquisitionInput[],
  ): Promise<AcquisitionReceipt>;
}
