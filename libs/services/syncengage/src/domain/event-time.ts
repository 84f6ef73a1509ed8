/** How the time of an event compares with its arrival. */
export type EventTiming = 'on_time' | 'late' | 'future';

/** When an event happened, as far as we believe it. */
export interface EventTime {
  readonly occurredAt: Date;
  readonly timing: EventTiming;
  /** What the sender said, where it was not believed. */
  readonly claimedAt?: Date;
}

/** What is known about the time of an event. */
export interface TimeEvidence {
  readonly receivedAt: Date;
  /** When the event happened by the sender's clock. */
  readonly timestamp?: Date;
  /** When it was sent by the same clock. */
  readonly sentAt?: Date;
}

/** Clocks nearer than this are not corrected: the difference is the way through the network. */
const MIN_SKEW_MS = 5_000;
/** A clock further off is not believed: a replayed file carries the `sentAt` of its day. */
const MAX_SKEW_MS = 24 * 3_600_000;
/** How far ahead an event may be before its time is replaced by that of its arrival. */
const FUTURE_TOLERANCE_MS = 60_000;
/** From this age on an event counts as late. */
const LATE_AFTER_MS = 24 * 3_600_000;

/**
 * Corrects a sender's clock by `receivedAt − sentAt` (as Segment does) when it is off by five
 * seconds to a day; an event that would still lie in the future happened when it arrived.
 */
export function eventTime({ receivedAt, timestamp, sentAt }: TimeEvidence): EventTime {
  if (timestamp === undefined) return { occurredAt: receivedAt, timing: 'on_time' };
  const skewMs = sentAt === undefined ? 0 : receivedAt.getTime() - sentAt.getTime();
  const isSkewed = Math.abs(skewMs) > MIN_SKEW_MS && Math.abs(skewMs) <= MAX_SKEW_MS;
  const occurredMs = timestamp.getTime() + (isSkewed ? skewMs : 0);
  const aheadMs = occurredMs - receivedAt.getTime();
  if (aheadMs > FUTURE_TOLERANCE_MS) {
    return { occurredAt: receivedAt, timing: 'future', claimedAt: timestamp };
  }
  return {
    occurredAt: new Date(occurredMs),
    timing: -aheadMs > LATE_AFTER_MS ? 'late' : 'on_time',
    ...(isSkewed ? { claimedAt: timestamp } : {}),
  };
}
