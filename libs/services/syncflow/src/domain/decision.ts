import { createHash } from 'node:crypto';
import { isBidReason, type PriceReason as BidPriceReason } from '@kiki/bidding';
import { microsToDecimal } from '@kiki/kernel';

/** Where the value in a price came from. */
export type ValueSource = 'model' | 'cold_start' | 'fallback';

/** What a customer is worth, as far as could be learned in time. */
export interface CustomerValue {
  /** Expected discounted margin within the horizon, micros. */
  readonly valueMicros: bigint;
  readonly source: ValueSource;
  /** Why it is not the model's own answer: `breaker_open`, `timeout`, `unknown_customer`… */
  readonly fallbackReason?: string;
  readonly modelVersion?: string;
}

/** Why there is a bid or none, fixed before the hold and the same however often a job runs. */
export type PriceReason =
  BidPriceReason | 'campaign_inactive' | 'channel_mismatch' | 'currency_mismatch';

/**
 * How far a decision has come: `priced` → `denied`, `dry_run` or `placing` (may be on its way to the exchange) →
 * `placed`. `no_bid` is final from the start.
 */
export type DecisionStatus = 'priced' | 'no_bid' | 'denied' | 'dry_run' | 'placing' | 'placed';

/** The campaign's terms at the moment of pricing: with them the price can be made again. */
export interface PriceTerms {
  readonly valueShareMilli: number;
  readonly minBidMicros: bigint;
  readonly maxBidMicros: bigint;
}

/** Everything that is remembered of one decision. */
export interface Decision {
  readonly tenant: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly jobId: string;
  readonly customerId?: string;
  readonly channel: string;
  readonly segment: string;
  readonly currency: string;
  readonly floorMicros: bigint;
  readonly region?: string;
  readonly isGpc?: boolean;
  readonly value: CustomerValue;
  readonly snapshotVersion: number;
  readonly terms: PriceTerms;
  /** Probability that a won impression converts, 0 to 1. */
  readonly conversionProbability: number;
  /** What is bid, micros; 0 when nothing is. */
  readonly priceMicros: bigint;
  readonly reason: PriceReason;
  readonly status: DecisionStatus;
  readonly holdId?: string;
  /** SyncShield's reason; `consent_…` when its consent registry said no. */
  readonly holdReason?: string;
  /** What the consent registry answered by; absent when nobody was known to ask for. */
  readonly consentReceiptId?: string;
  readonly decidedAt: Date;
}

const REASONS: Readonly<Record<PriceReason, string>> = {
  bid: 'the price is the allowed share of the expected value',
  bid_capped:
    'the allowed share of the expected value is above the highest bid, which is used instead',
  campaign_inactive: 'the campaign is not active',
  channel_mismatch: 'the campaign does not run on this channel',
  currency_mismatch: 'the opportunity is sold in another currency than the budget',
  value_not_positive: 'nothing can be expected from this customer',
  below_floor: 'the seller asks for more than the customer is expected to be worth',
  floor_above_cap: 'the seller asks for more than the highest bid of the campaign',
  below_min_bid: 'the price would be below the lowest bid of the campaign',
};

/** A few sentences on why a decision is as it is. */
export function explainDecision(decision: Decision): string {
  const { value, reason, status, holdReason } = decision;
  const source = value.fallbackReason ? `${value.source}, ${value.fallbackReason}` : value.source;
  const money = (micros: bigint): string => `${microsToDecimal(micros)} ${decision.currency}`;
  const worth = `Worth ${money(value.valueMicros)} (${source})`;
  const chance = `converting with probability ${decision.conversionProbability.toPrecision(3)}`;
  const price = isBidReason(reason) ? ` Priced at ${money(decision.priceMicros)}: ` : ' No bid: ';
  const asked = holdReason?.startsWith('consent_') === true ? 'Consent' : 'Budget';
  const hold = holdReason === undefined ? '' : ` ${asked}: ${holdReason}.`;
  return `${worth}, ${chance}.${price}${REASONS[reason]}.${hold} Status: ${status}.`;
}

// Leaves room for the suffix of a settlement id within the 128 characters of an id.
const MAX_HOLD_ID = 112;

/** The hold of an opportunity: the same on every attempt, so that a repeated job cannot hold twice. */
export function holdIdOf(campaignId: string, opportunityId: string): string {
  const id = `${campaignId}:${opportunityId}`;
  return id.length <= MAX_HOLD_ID ? id : createHash('sha256').update(id).digest('hex');
}

/** A line of the digest: what concurrency cannot change. */
export interface DigestLine {
  readonly opportunityId: string;
  readonly valueMicros: bigint;
  readonly priceMicros: bigint;
  readonly reason: string;
}

/** SHA-256 over opportunity id, value, price and reason of every decision, in the order of the ids (UTF-16). */
export function decisionsDigest(lines: Iterable<DigestLine>): string {
  const hash = createHash('sha256');
  const sorted = [...lines].sort((a, b) =>
    a.opportunityId < b.opportunityId ? -1 : a.opportunityId > b.opportunityId ? 1 : 0,
  );
  for (const { opportunityId, valueMicros, priceMicros, reason } of sorted) {
    hash.update(`${JSON.stringify(opportunityId)} ${valueMicros} ${priceMicros} ${reason}\n`);
  }
  return hash.digest('hex');
}
