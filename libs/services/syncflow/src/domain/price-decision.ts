import { conversionProbability, isBidReason, priceBid, type ConversionTable } from '@kiki/bidding';
import type { Campaign } from './campaign.js';
import type { CustomerValue, Decision, PriceReason } from './decision.js';
import type { Opportunity } from './opportunity.js';

/** What a decision is made from; nothing else may change it. */
export interface PricingFacts {
  readonly campaign: Campaign;
  readonly opportunity: Opportunity;
  readonly value: CustomerValue;
  readonly conversion: ConversionTable;
}

/** The priced part of a decision. */
export type PricedPart = Pick<
  Decision,
  'conversionProbability' | 'priceMicros' | 'reason' | 'status' | 'terms'
>;

/** Decides whether to bid and how much: the rules in the order in which they are asked. */
export function priceDecision({
  campaign,
  opportunity,
  value,
  conversion,
}: PricingFacts): PricedPart {
  const { valueShareMilli, minBidMicros, maxBidMicros } = campaign;
  const terms = { valueShareMilli, minBidMicros, maxBidMicros };
  const probability = conversionProbability(conversion, opportunity.segment);
  const refusal = refusalOf(campaign, opportunity);
  const { priceMicros, reason } =
    refusal === undefined
      ? priceBid({
          valueMicros: value.valueMicros,
          conversionProbability: probability,
          floorMicros: opportunity.floorMicros,
          ...terms,
        })
      : { priceMicros: 0n, reason: refusal };
  const status = isBidReason(reason) ? 'priced' : 'no_bid';
  return { conversionProbability: probability, priceMicros, reason, status, terms };
}

function refusalOf(campaign: Campaign, opportunity: Opportunity): PriceReason | undefined {
  if (!campaign.isActive) return 'campaign_inactive';
  if (opportunity.channel !== campaign.channel) return 'channel_mismatch';
  if (opportunity.currency !== campaign.currency) return 'currency_mismatch';
  return undefined;
}
