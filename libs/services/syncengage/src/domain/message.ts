import { createHash } from 'node:crypto';

/** Where a message is; see `migrations/0002-journeys.sql` for the ways between. */
export type MessageState = 'planned' | 'sending' | 'sent' | 'failed' | 'unknown' | 'cancelled';

/** A message that waits to be sent. */
export interface PlannedMessage {
  readonly tenant: string;
  readonly id: string;
  readonly journeyId: string;
  readonly customerId: string;
  readonly budgetId: string;
  readonly costMicros: bigint;
  readonly currency: string;
  readonly holdAttempt: number;
  readonly holdExpiresAt?: Date;
  readonly attempts: number;
  /** ISO 3166, from the customer's traits. */
  readonly region?: string;
}

/**
 * Name of a message's hold: the same after a crash, another one when the first was denied or has
 * expired.
 */
export function holdIdOf(message: { readonly id: string; readonly holdAttempt: number }): string {
  return `engage.${message.id}.${message.holdAttempt}`;
}

/**
 * What becomes of the hold of a message that is over: a mail that may have gone out is paid for.
 */
export function settlementActionOf(state: MessageState): 'capture' | 'void' | undefined {
  if (state === 'sent' || state === 'unknown') return 'capture';
  return state === 'failed' || state === 'cancelled' ? 'void' : undefined;
}

/**
 * `Message-ID` of a message: the same on every attempt, so that a mailbox that got it twice would
 * show it once.
 */
export function messageIdHeader(tenant: string, id: string, domain: string): string {
  const hash = createHash('sha256').update(`${tenant}\0${id}`).digest('hex').slice(0, 40);
  return `<${hash}@${domain}>`;
}

/** Longest wait between two attempts, milliseconds. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** Milliseconds until a mail that the server put off is tried again: 30 s, doubled each time. */
export function retryDelayMs(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, 30_000 * 2 ** Math.min(attempts - 1, 10));
}
