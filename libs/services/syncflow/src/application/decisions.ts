import type { Decision, DecisionStatus, DigestLine } from '../domain/decision.js';

/** What the hold and the exchange did to a priced decision. */
export interface DecisionUpdate {
  readonly opportunityId: string;
  readonly status: DecisionStatus;
  readonly holdId?: string;
  readonly holdReason?: string;
  readonly consentReceiptId?: string;
  /** From the start of the job to the exchange's receipt, milliseconds. */
  readonly tookMs?: number;
}

/** What is stored of a job's prices. */
export interface RecordedPrices {
  /** In the order given: on a second attempt of a job these are the first attempt's. */
  readonly stored: readonly Decision[];
  /** Opportunities that were not decided on before. */
  readonly fresh: ReadonlySet<string>;
}

/** How a campaign is doing, counted from rows. */
export interface CampaignReport {
  readonly opportunities: number;
  readonly placed: number;
  readonly noBid: number;
  /** No-bids by reason; a denied hold counts under SyncShield's reason, an unsent one under `dry_run`. */
  readonly noBidReasons: Readonly<Record<string, number>>;
  /** Decisions whose value was a tagged fallback. */
  readonly fallback: number;
  readonly won: number;
  readonly lost: number;
  readonly billed: number;
  readonly converted: number;
  readonly bidMicros: bigint;
  readonly billedMicros: bigint;
  /** Captures and voids that SyncShield has not confirmed yet. */
  readonly unsettled: number;
  /** Those that it refused for good. */
  readonly refusedSettlements: number;
  /** Median and 99th percentile of job start to placement, milliseconds; null before the first bid. */
  readonly placeP50Ms: number | null;
  readonly placeP99Ms: number | null;
}

/** The decision log. */
export abstract class Decisions {
  /** Stores decisions that are not there yet. */
  abstract recordPriced(decisions: readonly Decision[]): Promise<RecordedPrices>;
  /**
   * Moves decisions forward (`priced` → `denied`, `dry_run`, `placing`; `placing` → `placed`) and returns the
   * opportunities that this call has moved: of two runs exactly one moves each.
   */
  abstract update(
    tenant: string,
    campaignId: string,
    updates: readonly DecisionUpdate[],
  ): Promise<ReadonlySet<string>>;
  abstract find(
    tenant: string,
    campaignId: string,
    opportunityId: string,
  ): Promise<Decision | undefined>;
  /** The stored decisions of these opportunities, in no particular order. */
  abstract findMany(
    tenant: string,
    campaignId: string,
    opportunityIds: readonly string[],
  ): Promise<Decision[]>;
  abstract findByOpportunity(tenant: string, opportunityId: string): Promise<Decision[]>;
  /** Ordered by opportunity id. */
  abstract list(
    tenant: string,
    campaignId: string,
    limit: number,
    afterOpportunityId?: string,
  ): Promise<Decision[]>;
  abstract count(tenant: string, campaignId: string): Promise<number>;
  abstract digestLines(tenant: string, campaignId: string): Promise<DigestLine[]>;
  abstract report(tenant: string, campaignId: string): Promise<CampaignReport>;
}
