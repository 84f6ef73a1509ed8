/** Something one may bid on. */
export interface Opportunity {
  /** Unique within the campaign. */
  readonly id: string;
  /** Absent for a stranger. */
  readonly customerId?: string;
  readonly channel: string;
  /** Lowest price the seller takes, micros. */
  readonly floorMicros: bigint;
  readonly currency: string;
  /** Audience or placement the conversion probability is learned for. @default 'all' */
  readonly segment: string;
}

/** Opportunities that are decided together. */
export interface BidJob {
  readonly tenant: string;
  readonly jobId: string;
  readonly campaignId: string;
  readonly opportunities: readonly Opportunity[];
}
