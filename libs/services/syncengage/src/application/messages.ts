import type { Journey } from '../domain/journey.js';
import type { MessageState, PlannedMessage } from '../domain/message.js';
import type { PlanRules, SuppressionReason } from '../domain/suppression.js';

/** What planning did. */
export interface PlanResult {
  /** Customers looked at; 0 when the run has looked at all. */
  readonly considered: number;
  readonly planned: number;
}

/** What a sender needs of a message that it alone may now send. */
export interface ClaimedMessage {
  readonly email: string;
  readonly traits: Readonly<Record<string, unknown>>;
}

/** SyncShield's answer about a message. */
export interface HoldDecision {
  readonly id: string;
  readonly holdAttempt: number;
  /** Set: approved until then. */
  readonly expiresAt?: Date;
  /** Set: the message is cancelled and its customer suppressed. */
  readonly deniedBecause?: SuppressionReason;
}

/** A message that its customer has not consented to. */
export interface ConsentRefusal {
  readonly id: string;
  readonly reason: SuppressionReason;
  /** What SyncShield answered by. */
  readonly receiptId: string;
}

/** How an attempt ended. */
export interface MessageEnd {
  readonly state: Extract<MessageState, 'sent' | 'failed' | 'unknown'>;
  readonly reason?: string;
  readonly response?: string;
}

/** A message that is over, whose hold is not. */
export interface UnsettledMessage {
  readonly tenant: string;
  readonly id: string;
  readonly holdAttempt: number;
  readonly state: MessageState;
}

/**
 * Messages and the one bucket of their customers, changed together. Every step is one transaction
 * that names the state it leads out of, so that of any number of processes one does it.
 */
export abstract class Messages {
  /**
   * Looks at up to `limit` customers that `runId` has not seen: suppresses them with a reason or
   * plans their message. Locks their profiles, so that journeys that run at once count each other's
   * messages against the cap.
   */
  abstract plan(
    journey: Journey,
    runId: string,
    rules: PlanRules,
    now: Date,
    options: { readonly limit: number; readonly newId: () => string },
  ): Promise<PlanResult>;
  /** Planned messages of the journey that may be tried now. */
  abstract due(
    tenant: string,
    journeyId: string,
    now: Date,
    limit: number,
  ): Promise<PlannedMessage[]>;
  abstract recordHolds(
    tenant: string,
    decisions: readonly HoldDecision[],
    now: Date,
  ): Promise<void>;
  /** The next hold of these messages gets another name: theirs has expired unused. */
  abstract renewHolds(tenant: string, ids: readonly string[]): Promise<void>;
  /**
   * planned → sending, once, if the customer may be written to at this very moment; otherwise
   * planned → cancelled. Undefined when the caller must not send. Consent that was withdrawn before
   * is always seen. The receipt of SyncShield's yes is kept with the message.
   */
  abstract claim(
    message: PlannedMessage,
    rules: Pick<PlanRules, 'isOptInRequired'> & { readonly receiptId: string },
    now: Date,
  ): Promise<ClaimedMessage | undefined>;
  /** planned → cancelled: SyncShield's consent registry said no. */
  abstract refuse(tenant: string, refused: readonly ConsentRefusal[], now: Date): Promise<void>;
  /** sending → planned: the server proved that it has not taken the mail. */
  abstract putBack(
    tenant: string,
    id: string,
    retry: { readonly at: Date; readonly why: string; readonly isAttempt: boolean },
  ): Promise<void>;
  /** sending → sent, failed, unknown; also unknown → sent, when the sender was only slow. */
  abstract finish(tenant: string, id: string, end: MessageEnd, now: Date): Promise<void>;
  /** planned → cancelled: the channel went off, or the journey was paused. */
  abstract cancel(
    tenant: string,
    ids: readonly string[],
    reason: SuppressionReason,
    now: Date,
  ): Promise<void>;
  /**
   * sending since before `before` → unknown: whoever sent it is gone, and the mail may be too.
   * Returns how many.
   */
  abstract giveUpSending(before: Date, now: Date): Promise<number>;
  /** Messages of the journey that are planned or being sent. */
  abstract countOpen(tenant: string, journeyId: string): Promise<number>;
  /** Messages that are over with a hold that SyncShield has not confirmed the end of. */
  abstract unsettled(limit: number): Promise<UnsettledMessage[]>;
  abstract markSettled(
    tenant: string,
    settled: readonly { readonly id: string; readonly outcome: string }[],
    now: Date,
  ): Promise<void>;
}
