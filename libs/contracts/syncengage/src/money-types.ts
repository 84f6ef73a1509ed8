/** An identify or a track, as Segment's clients send them. */
export type EventInput =
  | {
      readonly type: 'identify';
      /** The same id again changes nothing. @default made from the content when there is a timestamp */
      readonly messageId?: string;
      readonly userId?: string;
      readonly anonymousId?: string;
      readonly traits?: Readonly<Record<string, unknown>>;
      readonly timestamp?: Date;
    }
  | {
      readonly type: 'track';
      readonly messageId?: string;
      readonly userId?: string;
      readonly anonymousId?: string;
      readonly event: string;
      readonly properties?: Readonly<Record<string, unknown>>;
      readonly timestamp?: Date;
    };

/** What is wrong with one event of a batch. */
export interface EventProblem {
  readonly index: number;
  readonly messageId: string | null;
  readonly code: string;
  readonly field: string;
  readonly expected: string;
}

/** What became of events: each is accepted, a duplicate, or an error. */
export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly errors: readonly EventProblem[];
  readonly warnings: readonly EventProblem[];
}

/** Orders on their way to SyncValue. */
export interface OutboxLag {
  readonly pending: number;
  readonly rejected: number;
  readonly oldestAt: Date | null;
}

/** A journey as its owner writes it. */
export interface JourneyInput {
  readonly id: string;
  readonly name: string;
  readonly segment: 'active' | 'at_risk' | 'lost';
  readonly offer: string;
  readonly budgetId: string;
  readonly currency: string;
  readonly costMicros: bigint;
  /** 0 to 1. */
  readonly holdoutShare: number;
  /** @default random, fixed with the journey */
  readonly salt?: string;
  readonly subject: string;
  readonly body: string;
  /** @default true */
  readonly isActive?: boolean;
}

/** A stored journey. */
export interface Journey extends Required<JourneyInput> {
  readonly createdAt: Date;
}

/** States in which a run or a refresh is over. */
export const OVER = ['done', 'blocked', 'failed'] as const;

/** A run of a journey. */
export interface Run {
  readonly runId: string;
  readonly journeyId: string;
  readonly state: 'queued' | 'running' | 'done' | 'blocked' | 'failed';
  readonly reason: string | null;
  readonly total: number;
  readonly processed: number;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
}

/** A refresh of the segments. */
export interface Refresh {
  readonly refreshId: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly reason: string | null;
  readonly modelVersion: string | null;
  readonly evaluated: number;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
}

/** What became of an arm since it was assigned. */
export interface ArmResult {
  readonly customers: number;
  readonly converted: number;
  readonly orders: number;
}

/** A journey counted: atRisk = heldOut + suppressed + messaged + pending, pending 0 once a run is done. */
export interface JourneyReport {
  readonly journeyId: string;
  readonly currency: string;
  readonly atRisk: number;
  readonly heldOut: number;
  readonly suppressed: number;
  readonly messaged: number;
  readonly pending: number;
  readonly suppressedReasons: Readonly<Record<string, number>>;
  readonly dryRun: { readonly messages: number; readonly costMicros: bigint };
  readonly messageStates: Readonly<Record<string, number>>;
  readonly spentMicros: bigint;
  readonly unsettled: number;
  readonly arms: { readonly holdout: ArmResult; readonly treatment: ArmResult };
  readonly latestRun: Run | null;
}
