import { microsFromWire, microsToWire } from '@kiki/kernel';
import type {
  OpportunityPlan,
  SimulatedBid,
  SimulatedExchangeOptions,
  SimulatedNotice,
  SimulatedOpportunity,
  SimulatedStatement,
} from '@kiki/exchange-sim';

/** Said in every answer of the exchange. */
export const SIMULATED = 'This exchange is simulated: no ad is shown and no money moves.';

/** The market of an exchange, told over its IPC channel. */
export interface ExchangeSettings {
  readonly exchange: Omit<SimulatedExchangeOptions, 'medianCompetitionMicros'> & {
    readonly medianCompetitionMicros: number;
  };
  /** SyncFlow's `POST /v1/outcomes` and a key of scope flow:write. */
  readonly outcomes: { readonly url: string; readonly key: string };
}

/** Body of POST /inventories: what goes on sale. */
export interface InventoryBody extends Omit<OpportunityPlan, 'segments'> {
  readonly segments: readonly {
    readonly name: string;
    readonly weight: number;
    readonly medianFloorMicros: number;
  }[];
}

/** One opportunity as it is offered: without anything that the exchange keeps to itself. */
export type OfferedOpportunity = Omit<SimulatedOpportunity, 'floorMicros'> & {
  readonly floorMicros: number;
};

/** Answer of POST /inventories. */
export interface InventoryAnswer {
  readonly simulated: string;
  readonly opportunities: readonly OfferedOpportunity[];
}

/** Answer of GET /statement: what really happened, notices or not. */
export interface StatementAnswer extends Omit<SimulatedStatement, 'billedNanos'> {
  readonly simulated: string;
  readonly billedNanos: string;
  /** Bids that came again and changed nothing. */
  readonly repeatedBids: number;
  readonly refusedBids: number;
  /** Notices that are still to be delivered. */
  readonly pending: number;
  readonly delivered: number;
  /** Deliveries that SyncFlow did not confirm and that were tried again. */
  readonly retries: number;
}

/** A bid as SyncFlow sends it. */
export interface BidBody {
  readonly bidId: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly priceMicros: number;
  readonly currency: string;
}

/** @throws money_not_integer, money_out_of_range */
export function bidOf({ priceMicros, ...bid }: BidBody): SimulatedBid {
  return { ...bid, priceMicros: microsFromWire(priceMicros, 'priceMicros') };
}

/** A plan with its money exact again. */
export function planOf({ segments, ...plan }: InventoryBody): OpportunityPlan {
  return {
    ...plan,
    segments: segments.map(({ medianFloorMicros, ...segment }) => ({
      ...segment,
      medianFloorMicros: microsFromWire(medianFloorMicros),
    })),
  };
}

/** An opportunity as JSON. */
export function offered({ floorMicros, ...rest }: SimulatedOpportunity): OfferedOpportunity {
  return { ...rest, floorMicros: microsToWire(floorMicros) };
}

/** A notice as SyncFlow takes it. */
export function outcomeOf(notice: SimulatedNotice): Record<string, unknown> {
  const { id, campaignId, opportunityId, kind, price, currency, happenedMs } = notice;
  return {
    id,
    campaignId,
    opportunityId,
    kind,
    ...(price === undefined ? {} : { price, currency }),
    at: new Date(happenedMs).toISOString(),
  };
}
