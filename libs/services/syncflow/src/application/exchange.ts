/** A bid on its way to an exchange. */
export interface PlacedBid {
  /** The hold's id; an exchange that sees it twice takes one bid. */
  readonly bidId: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly priceMicros: bigint;
  readonly currency: string;
}

/** Where bids go. A channel that is not live, or has no exchange, gets nothing. */
export abstract class Exchange {
  /** Whether bids of the channel may really leave. */
  abstract isLive(tenant: string, channel: string): Promise<boolean>;
  /** Hands bids over; safe to repeat. @throws unavailable */
  abstract place(channel: string, bids: readonly PlacedBid[]): Promise<void>;
}
