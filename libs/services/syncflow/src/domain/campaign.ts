/** What is advertised, for how much of a customer's value, and from which budget. */
export interface Campaign {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  /** Budget at SyncShield that every bid is held against. */
  readonly budgetId: string;
  /** ISO 4217; the budget's currency. */
  readonly currency: string;
  /** Where it runs, e.g. `social`; opportunities of another channel are not bid on. */
  readonly channel: string;
  /** Thousandths of the expected value that a bid may cost; a target ROAS of r is 1000 / r. */
  readonly valueShareMilli: number;
  /** Bids below this are not worth placing, micros. */
  readonly minBidMicros: bigint;
  /** No bid is ever above this, micros. */
  readonly maxBidMicros: bigint;
  /** How long a bid's money is held for the outcome, milliseconds. */
  readonly holdTtlMs: number;
  /** How long after expiry the money stays reserved for late notices, milliseconds. */
  readonly holdGraceMs: number;
  readonly isActive: boolean;
  readonly createdAt: Date;
}

/** A campaign as its owner states it. */
export type CampaignDraft = Omit<Campaign, 'tenant' | 'createdAt'>;
