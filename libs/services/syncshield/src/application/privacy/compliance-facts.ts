/** From (inclusive) to (exclusive), milliseconds since the epoch. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Requests of one kind under one law. */
export interface RequestFigures {
  readonly kind: string;
  readonly regime: string;
  readonly received: number;
  readonly completed: number;
  readonly rejected: number;
  readonly cancelled: number;
  /** Still open at the end of the period. */
  readonly open: number;
  /** Ended after their deadline, or open beyond it. */
  readonly late: number;
  /** From receipt to completion, milliseconds; undefined when none was completed. */
  readonly medianMs?: number;
  readonly longestMs?: number;
}

/** Something counted under a name. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** What the books say of a period. */
export interface ComplianceFigures {
  readonly requests: readonly RequestFigures[];
  /** Records by action and purpose, e.g. `withdrawn marketing`. */
  readonly consents: readonly NamedCount[];
  readonly retention: readonly {
    readonly category: string;
    readonly runs: number;
    readonly rows: number;
  }[];
  /** Denied holds by reason. */
  readonly denials: readonly NamedCount[];
  readonly breaches: { readonly opened: number; readonly closed: number; readonly open: number };
  readonly killSwitches: { readonly set: number; readonly lifted: number; readonly active: number };
  readonly legalHolds: {
    readonly placed: number;
    readonly released: number;
    readonly active: number;
  };
}

/** Counts of a period. */
export abstract class ComplianceFacts {
  abstract figures(tenant: string, period: Period): Promise<ComplianceFigures>;
}
