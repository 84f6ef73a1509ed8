import type { Decision, DecisionStatus, PriceReason, ValueSource } from '../../domain/decision.js';

/** A row of `decisions`. */
export interface DecisionRow extends Record<string, unknown> {
  tenant: string;
  campaign_id: string;
  opportunity_id: string;
  job_id: string;
  customer_id: string | null;
  channel: string;
  segment: string;
  currency: string;
  floor_micros: bigint;
  value_micros: bigint;
  value_source: ValueSource;
  fallback_reason: string | null;
  model_version: string | null;
  snapshot_version: number;
  value_share_milli: number;
  min_bid_micros: bigint;
  max_bid_micros: bigint;
  conversion_probability: number;
  price_micros: bigint;
  reason: PriceReason;
  status: DecisionStatus;
  hold_id: string | null;
  hold_reason: string | null;
  region: string | null;
  is_gpc: boolean;
  consent_receipt: string | null;
  decided_at: Date;
}

/** Columns in the order of {@link decisionArrays}, with their array types for `unnest`. */
export const DECISION_COLUMNS = [
  ['tenant', 'text'],
  ['campaign_id', 'text'],
  ['opportunity_id', 'text'],
  ['job_id', 'text'],
  ['customer_id', 'text'],
  ['channel', 'text'],
  ['segment', 'text'],
  ['currency', 'text'],
  ['floor_micros', 'bigint'],
  ['value_micros', 'bigint'],
  ['value_source', 'text'],
  ['fallback_reason', 'text'],
  ['model_version', 'text'],
  ['snapshot_version', 'integer'],
  ['value_share_milli', 'integer'],
  ['min_bid_micros', 'bigint'],
  ['max_bid_micros', 'bigint'],
  ['conversion_probability', 'double precision'],
  ['price_micros', 'bigint'],
  ['reason', 'text'],
  ['status', 'text'],
  ['decided_at', 'timestamptz'],
  ['region', 'text'],
  ['is_gpc', 'boolean'],
] as const;

type SqlColumn = (string | number | bigint | boolean | Date | null)[];

/** One array per column, for one `insert … select from unnest`. */
export function decisionArrays(decisions: readonly Decision[]): SqlColumn[] {
  const rows = decisions.map((d) => [
    d.tenant,
    d.campaignId,
    d.opportunityId,
    d.jobId,
    d.customerId ?? null,
    d.channel,
    d.segment,
    d.currency,
    d.floorMicros,
    d.value.valueMicros,
    d.value.source,
    d.value.fallbackReason ?? null,
    d.value.modelVersion ?? null,
    d.snapshotVersion,
    d.terms.valueShareMilli,
    d.terms.minBidMicros,
    d.terms.maxBidMicros,
    d.conversionProbability,
    d.priceMicros,
    d.reason,
    d.status,
    d.decidedAt,
    d.region ?? null,
    d.isGpc ?? false,
  ]);
  return DECISION_COLUMNS.map((_, column) => rows.map((row) => row[column] ?? null));
}

/** The decision that a row holds. */
export function toDecision(row: DecisionRow): Decision {
  return {
    tenant: row.tenant,
    campaignId: row.campaign_id,
    opportunityId: row.opportunity_id,
    jobId: row.job_id,
    ...(row.customer_id === null ? {} : { customerId: row.customer_id }),
    channel: row.channel,
    segment: row.segment,
    currency: row.currency,
    floorMicros: row.floor_micros,
    value: {
      valueMicros: row.value_micros,
      source: row.value_source,
      ...(row.fallback_reason === null ? {} : { fallbackReason: row.fallback_reason }),
      ...(row.model_version === null ? {} : { modelVersion: row.model_version }),
    },
    snapshotVersion: row.snapshot_version,
    terms: {
      valueShareMilli: row.value_share_milli,
      minBidMicros: row.min_bid_micros,
      maxBidMicros: row.max_bid_micros,
    },
    conversionProbability: row.conversion_probability,
    priceMicros: row.price_micros,
    reason: row.reason,
    status: row.status,
    ...(row.hold_id === null ? {} : { holdId: row.hold_id }),
    ...(row.hold_reason === null ? {} : { holdReason: row.hold_reason }),
    ...(row.region === null ? {} : { region: row.region }),
    ...(row.is_gpc ? { isGpc: true } : {}),
    ...(row.consent_receipt === null ? {} : { consentReceiptId: row.consent_receipt }),
    decidedAt: row.decided_at,
  };
}
