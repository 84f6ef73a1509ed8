/** What a breach came from: late spend of a hold, or an entry. */
export type BreachCause =
  { readonly holdId: string; readonly settlementId: string } | { readonly entryId: string };

/** Real spend that a cap had no room for. */
export interface Breach {
  readonly tenant: string;
  /** The budget that was spent from. */
  readonly budgetNo: bigint;
  readonly budgetId: string;
  readonly cause: BreachCause;
  /** The cap that is exceeded most. */
  readonly capNo: number;
  readonly capId: string;
  /** What was spent without leave. */
  readonly lateMicros: bigint;
  readonly overMicros: bigint;
  /** Whether the budget is paused for it. */
  readonly isPausing: boolean;
  readonly openedMs: number;
}
