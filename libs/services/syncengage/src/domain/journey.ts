import type { TargetSegment } from './churn.js';

/** A win-back journey as its owner writes it. */
export interface JourneyDraft {
  readonly id: string;
  readonly name: string;
  readonly segment: TargetSegment;
  /** What is offered, for the template. */
  readonly offer: string;
  /** Budget at SyncShield that pays for the messages. */
  readonly budgetId: string;
  readonly currency: string;
  /** What one message costs, offer included. */
  readonly costMicros: bigint;
  /** Share of the customers that get nothing, so that the rest can be compared; 0 to 1. */
  readonly holdoutShare: number;
  /** Salt of the assignment; made at random when not given. */
  readonly salt?: string;
  readonly subject: string;
  readonly body: string;
  readonly isActive: boolean;
}

/** A stored journey. */
export interface Journey extends JourneyDraft {
  readonly tenant: string;
  readonly salt: string;
  readonly createdAt: Date;
}

/** Where a run is; `blocked`: nobody was messaged because the segment could not be trusted. */
export type RunState = 'queued' | 'running' | 'done' | 'blocked' | 'failed';

/** One run of a journey. */
export interface JourneyRun {
  readonly tenant: string;
  readonly id: string;
  readonly journeyId: string;
  readonly state: RunState;
  readonly reason?: string;
  readonly total: number;
  readonly processed: number;
  readonly requestedAt: Date;
  readonly finishedAt?: Date;
}

/** What became of one arm since it was assigned. */
export interface ArmResult {
  readonly customers: number;
  /** Customers with at least one order after their assignment. */
  readonly converted: number;
  readonly orders: number;
}

/**
 * Everybody the journey has met, each in exactly one of heldOut, suppressed, messaged (and pending
 * while a run goes on).
 */
export interface JourneyReport {
  readonly atRisk: number;
  readonly heldOut: number;
  readonly suppressed: number;
  readonly messaged: number;
  readonly pending: number;
  readonly suppressedReasons: Readonly<Record<string, number>>;
  readonly messageStates: Readonly<Record<string, number>>;
  readonly spentMicros: bigint;
  /** Messages whose hold SyncShield has not been told the end of. */
  readonly unsettled: number;
  readonly arms: Readonly<Record<'holdout' | 'treatment', ArmResult>>;
}
