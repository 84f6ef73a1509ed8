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
  /** Where it is shown, ISO 3166-1 or 3166-2. */
  readonly region?: string;
  /** Its browser says `Sec-GPC: 1`. */
  readonly isGpc?: boolean;
}

/** Opportunities that are decided together. */
export interface BidJob {
  readonly tenant: string;
  readonly jobId: string;
  readonly campaignId: string;
  readonly opportunities: readonly Opportunity[];
}
