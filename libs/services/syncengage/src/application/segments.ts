import type { ChurnSegment, TargetSegment } from '../domain/churn.js';

/** A customer's place among the segments. */
export interface Membership {
  readonly customerId: string;
  readonly segment: ChurnSegment;
  readonly aliveProbability?: number;
  /** Why there is no probability. */
  readonly reason?: string;
  readonly modelVersion?: string;
}

/** One evaluation of all profiles. */
export interface SegmentRefresh {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly reason?: string;
  readonly modelVersion?: string;
  readonly evaluated: number;
  readonly requestedAt: Date;
  readonly finishedAt?: Date;
}

/** How many customers are where, and how fresh that is. */
export interface SegmentSummary {
  readonly segment: ChurnSegment;
  readonly customers: number;
  readonly oldestEvaluatedAt: Date;
  readonly modelVersions: readonly string[];
}

/** A member that a journey may be about. */
export interface Member {
  readonly customerId: string;
  readonly aliveProbability: number;
  readonly modelVersion: string;
}

/** Stored memberships. */
export abstract class Segments {
  /** A new refresh, or the one that waits or runs already. */
  abstract request(tenant: string, id: string, at: Date): Promise<SegmentRefresh>;
  /** @throws refresh_not_found */
  abstract find(tenant: string, id: string): Promise<SegmentRefresh>;
  /** The newest refresh that ended well. */
  abstract latestDone(tenant: string): Promise<SegmentRefresh | undefined>;
  /** The newest refresh in any state. */
  abstract latest(tenant: string): Promise<SegmentRefresh | undefined>;
  abstract setState(
    tenant: string,
    id: string,
    change: Pick<SegmentRefresh, 'state'> &
      Partial<Pick<SegmentRefresh, 'reason' | 'modelVersion' | 'evaluated'>>,
    at: Date,
  ): Promise<void>;
  abstract put(
    tenant: string,
    refreshId: string,
    members: readonly Membership[],
    at: Date,
  ): Promise<void>;
  abstract summary(tenant: string): Promise<SegmentSummary[]>;
  /** Members evaluated since `freshSince` that the journey has not met, by id after `afterId`. */
  abstract newcomers(
    tenant: string,
    journey: { readonly id: string; readonly segment: TargetSegment },
    freshSince: Date,
    limit: number,
  ): Promise<Member[]>;
  /**
   * Refreshes of all tenants that have not moved since `before`; counts as a move, so that one
   * caller gets each.
   */
  abstract takeStalled(
    before: Date,
    now: Date,
  ): Promise<{ readonly tenant: string; readonly id: string }[]>;
}

/** What a model says about one customer. */
export type AliveAnswer =
  | { readonly aliveProbability: number; readonly modelVersion: string }
  /** Nothing is known: not a guess, a reason. */
  | { readonly reason: string };

/** Who knows whether customers are still customers: SyncValue. */
export abstract class AlivePredictions {
  /** One answer per id, in order. @throws unavailable, deadline_exceeded, model_missing */
  abstract predict(tenant: string, customerIds: readonly string[]): Promise<AliveAnswer[]>;
}

/** Work that is done in the background. */
export abstract class EngageJobs {
  abstract refreshSegments(tenant: string, refreshId: string): Promise<void>;
  abstract runJourney(tenant: string, runId: string): Promise<void>;
}
