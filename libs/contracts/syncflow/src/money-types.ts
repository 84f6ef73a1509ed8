/** A campaign as its owner states it; give exactly one of `valueShare` and `targetRoas`. */
export interface CampaignInput {
  readonly id: string;
  readonly name: string;
  readonly budgetId: string;
  readonly currency: string;
  readonly channel: string;
  /** Share of the expected value that a bid may cost, above 0 and up to 1, in steps of 0.001. */
  readonly valueShare?: number;
  /** The same as a valueShare of 1 / targetRoas. */
  readonly targetRoas?: number;
  /** @default 0n */
  readonly minBidMicros?: bigint;
  readonly maxBidMicros: bigint;
  /** @default 60000 */
  readonly holdTtlMs?: number;
  /** @default 300000 */
  readonly holdGraceMs?: number;
  /** @default true */
  readonly isActive?: boolean;
}

/** A campaign. */
export interface Campaign {
  readonly id: string;
  readonly name: string;
  readonly budgetId: string;
  readonly currency: string;
  readonly channel: string;
  readonly valueShare: number;
  readonly minBidMicros: bigint;
  readonly maxBidMicros: bigint;
  readonly holdTtlMs: number;
  readonly holdGraceMs: number;
  readonly isActive: boolean;
  readonly createdAt: Date;
}

/** What later jobs price with. */
export interface Snapshot {
  readonly campaignId: string;
  readonly version: number;
  readonly strangerValueMicros: bigint;
  readonly fallbackValueMicros: bigint;
  readonly modelVersion: string | null;
  readonly impressions: number;
  readonly conversions: number;
  readonly createdAt: Date;
}

/** Something one may bid on. */
export interface Opportunity {
  readonly id: string;
  readonly customerId?: string;
  readonly channel: string;
  readonly floorMicros: bigint;
  readonly currency: string;
  /** @default 'all' */
  readonly segment?: string;
  /** Where it is shown, ISO 3166-1 or 3166-2. */
  readonly region?: string;
  /** Its browser says `Sec-GPC: 1`. */
  readonly gpc?: boolean;
}

/** One decision with everything it was made from. */
export interface Decision {
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly jobId: string;
  readonly customerId: string | null;
  readonly channel: string;
  readonly segment: string;
  readonly currency: string;
  readonly floorMicros: bigint;
  readonly valueMicros: bigint;
  readonly valueSource: 'model' | 'cold_start' | 'fallback';
  readonly fallbackReason: string | null;
  readonly modelVersion: string | null;
  readonly snapshotVersion: number;
  readonly valueShare: number;
  readonly minBidMicros: bigint;
  readonly maxBidMicros: bigint;
  readonly conversionProbability: number;
  readonly priceMicros: bigint;
  readonly reason: string;
  readonly status: 'priced' | 'no_bid' | 'denied' | 'dry_run' | 'placing' | 'placed';
  readonly holdId: string | null;
  readonly holdReason: string | null;
  /** What SyncShield's consent registry answered by. */
  readonly consentReceiptId: string | null;
  readonly decidedAt: Date;
}

/** A decision that says why in words. */
export interface ExplainedDecision extends Decision {
  readonly explanation: string;
}

/** A notice of an exchange; `won` and `billed` need a currency and exactly one of `priceMicros` and `price`. */
export interface OutcomeInput {
  readonly id: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly kind: 'won' | 'lost' | 'billed' | 'converted';
  readonly priceMicros?: bigint;
  /** In units of the currency with any decimals; SyncFlow rounds it up once. */
  readonly price?: string;
  readonly currency?: string;
  readonly at: Date;
}

/** What became of a notice. */
export interface OutcomeReceipt {
  readonly id: string;
  readonly status:
    'recorded' | 'duplicate' | 'unknown_opportunity' | 'currency_mismatch' | 'conflict';
}

/** How a campaign is doing. */
export interface CampaignReport {
  readonly campaignId: string;
  readonly currency: string;
  readonly opportunities: number;
  readonly placed: number;
  readonly noBid: number;
  readonly noBidReasons: Readonly<Record<string, number>>;
  readonly fallback: number;
  readonly won: number;
  readonly lost: number;
  readonly billed: number;
  readonly converted: number;
  readonly bidMicros: bigint;
  readonly billedMicros: bigint;
  readonly unsettledOutcomes: number;
  readonly refusedSettlements: number;
  readonly placeP50Ms: number | null;
  readonly placeP99Ms: number | null;
  readonly decisionsDigest: string;
}

/** The decisions of a campaign as one hash. */
export interface DecisionsDigest {
  readonly campaignId: string;
  readonly decisions: number;
  readonly decisionsDigest: string;
}
