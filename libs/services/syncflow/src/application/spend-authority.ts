/** Money asked for one bid. */
export interface HoldRequest {
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly expiresInMs: number;
  readonly graceMs: number;
  readonly reference: string;
  /** What policies of SyncShield judge by; no customer. */
  readonly context?: HoldContext;
}

/** What a bid is, as policies judge it. */
export interface HoldContext {
  readonly channel: string;
  readonly campaignId: string;
  /** ISO 3166. */
  readonly geo?: string;
  readonly bidMicros: bigint;
  readonly predictedLtvMicros?: bigint;
}

/** The answer to one hold. */
export interface HoldAnswer {
  readonly id: string;
  /** Whether money is set aside for the bid at this moment. */
  readonly isApproved: boolean;
  /** SyncShield's reason or error code; `hold_expired` when the first answer's time is over. */
  readonly reason: string;
}

/** What is to become of a hold. */
export interface Settlement {
  readonly settlementId: string;
  readonly holdId: string;
  readonly action: 'capture' | 'void';
  /** Required for a capture, micros. */
  readonly amountMicros?: bigint;
}

/** What became of it: `captured`, `voided`, `late_spend`, `already_settled`, or `refused:` and an error code. */
export interface SettlementAnswer {
  readonly settlementId: string;
  readonly outcome: string;
}

/** Who allows money to be spent: SyncShield. Fails closed: no answer means no bid. */
export abstract class SpendAuthority {
  /** One answer per request, in order; the same ids again give the first answers. @throws unavailable */
  abstract hold(tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]>;
  /** Idempotent by settlement id; settlements that are to be tried again have no answer. @throws unavailable */
  abstract settle(tenant: string, settlements: readonly Settlement[]): Promise<SettlementAnswer[]>;
}
