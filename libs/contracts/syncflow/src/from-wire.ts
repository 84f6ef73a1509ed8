import type { paths } from './generated/openapi.js';
import type * as money from './money-types.js';

type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer A } } };
}
  ? A
  : never;

type CampaignAnswer = Answer<'/v1/campaigns/{id}', 'get'>;
type SnapshotAnswer = Answer<'/v1/campaigns/{id}/learn', 'post'>;
type ReportAnswer = Answer<'/v1/campaigns/{id}/report', 'get'>;
type DecisionAnswer = Answer<'/v1/decisions', 'get'>['items'][number];

/** A campaign. */
export function campaign(answer: CampaignAnswer): money.Campaign {
  return {
    ...answer,
    minBidMicros: BigInt(answer.minBidMicros),
    maxBidMicros: BigInt(answer.maxBidMicros),
    createdAt: new Date(answer.createdAt),
  };
}

/** A snapshot. */
export function snapshot(answer: SnapshotAnswer): money.Snapshot {
  return {
    ...answer,
    strangerValueMicros: BigInt(answer.strangerValueMicros),
    fallbackValueMicros: BigInt(answer.fallbackValueMicros),
    createdAt: new Date(answer.createdAt),
  };
}

/** A decision; further members stay as they are. */
export function decision<A extends DecisionAnswer>(answer: A) {
  return {
    ...answer,
    floorMicros: BigInt(answer.floorMicros),
    valueMicros: BigInt(answer.valueMicros),
    minBidMicros: BigInt(answer.minBidMicros),
    maxBidMicros: BigInt(answer.maxBidMicros),
    priceMicros: BigInt(answer.priceMicros),
    decidedAt: new Date(answer.decidedAt),
  };
}

/** A report. */
export function report(answer: ReportAnswer): money.CampaignReport {
  return {
    ...answer,
    bidMicros: BigInt(answer.bidMicros),
    billedMicros: BigInt(answer.billedMicros),
  };
}
