import type { Arm } from '../domain/holdout.js';
import type {
  Journey,
  JourneyDraft,
  JourneyReport,
  JourneyRun,
  RunState,
} from '../domain/journey.js';
import type { FrequencyCap } from '../domain/suppression.js';
import type { Member } from './segments.js';

/** A customer's place in a journey. */
export interface Assignment extends Member {
  readonly arm: Arm;
}

/** A customer of a journey with what became of them and why. */
export interface JourneyCustomer extends Assignment {
  readonly outcome: 'pending' | 'held_out' | 'suppressed' | 'messaged';
  readonly reason?: string;
  readonly assignedAt: Date;
  readonly decidedAt?: Date;
  readonly messageId?: string;
  readonly messageState?: string;
  readonly messageReason?: string;
  readonly holdId?: string;
  /** What SyncShield's consent registry answered by. */
  readonly consentReceiptId?: string;
}

/** Journeys, their runs and whom they met. */
export abstract class Journeys {
  /** Creates or changes. @throws journey_immutable_field */
  abstract save(tenant: string, draft: Required<JourneyDraft>, at: Date): Promise<Journey>;
  abstract find(tenant: string, id: string): Promise<Journey | undefined>;
  /** Ids in order after `afterId`. */
  abstract list(tenant: string, limit: number, afterId?: string): Promise<Journey[]>;
  /** A new run, or the one that waits or runs already. */
  abstract requestRun(tenant: string, journeyId: string, id: string, at: Date): Promise<JourneyRun>;
  abstract findRun(tenant: string, id: string): Promise<JourneyRun | undefined>;
  abstract latestRun(tenant: string, journeyId: string): Promise<JourneyRun | undefined>;
  abstract setRun(
    tenant: string,
    id: string,
    change: {
      readonly state: RunState;
      readonly reason?: string;
      readonly total?: number;
      readonly processed?: number;
    },
    at: Date,
  ): Promise<void>;
  /**
   * Runs of all tenants that have not moved since `before`; counts as a move, so that one caller
   * gets each.
   */
  abstract takeStalledRuns(
    before: Date,
    now: Date,
  ): Promise<{ readonly tenant: string; readonly id: string }[]>;
  /** Adds customers; who is there already keeps their arm. */
  abstract assign(
    tenant: string,
    journeyId: string,
    runId: string,
    assignments: readonly Assignment[],
    at: Date,
  ): Promise<void>;
  /** Customers that the run has yet to look at. */
  abstract countOpen(tenant: string, journeyId: string, runId: string): Promise<number>;
  abstract report(tenant: string, journeyId: string): Promise<JourneyReport>;
  abstract customers(
    tenant: string,
    journeyId: string,
    limit: number,
    afterId?: string,
  ): Promise<JourneyCustomer[]>;
  abstract frequencyCap(tenant: string): Promise<FrequencyCap | undefined>;
  abstract saveFrequencyCap(tenant: string, cap: FrequencyCap, at: Date): Promise<void>;
}
