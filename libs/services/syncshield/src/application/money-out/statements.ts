/** What moved on one day, of the budget and everything below it. */
export interface DayMovements {
  /** Local date of the booking. */
  readonly day: string;
  readonly capturedMicros: bigint;
  /** Real spend that no hold covered. */
  readonly lateMicros: bigint;
  readonly refundedMicros: bigint;
  /** What platforms reported; restatements downwards are negative. */
  readonly externalMicros: bigint;
  readonly correctionMicros: bigint;
}

/** Where a cap stands: limit + excess = spent + held + free. */
export interface CapPosition {
  readonly capId: string;
  readonly limitMicros: bigint;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly freeMicros: bigint;
  /** How far real spend is above the limit. */
  readonly excessMicros: bigint;
}

/** A statement; opening and the movements add up to closing. */
export interface Statement {
  readonly budgetId: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly openingMicros: bigint;
  readonly days: readonly DayMovements[];
  readonly closingMicros: bigint;
  /** Where everything stands at the instant of the snapshot. */
  readonly asOfMs: number;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly caps: readonly CapPosition[];
}

/** Which statement. */
export interface StatementOf {
  readonly tenant: string;
  readonly budgetId: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly timeZone: string;
}

/** What an export is of. */
export type ExportKind = 'holds' | 'settlements' | 'entries';

/** One row of an export, flat; instants are RFC 3339, money is in micros. */
export type ExportRow = Readonly<Record<string, string | bigint | boolean | null>>;

/** Which export. */
export interface ExportOf {
  readonly tenant: string;
  readonly budgetId: string;
  readonly kind: ExportKind;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Reading what has become of money, for people and their books. */
export abstract class Statements {
  /** @throws budget_not_found */
  abstract statement(of: StatementOf): Promise<Statement>;
  /**
   * Rows of the budget and everything below it, page by page as they are asked for; each page as it is then.
   * @throws budget_not_found before the first page
   */
  abstract export(of: ExportOf): Promise<AsyncIterable<readonly ExportRow[]>>;
}
