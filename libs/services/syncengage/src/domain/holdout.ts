import { createHash } from 'node:crypto';

/** Arms of a journey: nobody in `holdout` ever gets its message. */
export type Arm = 'holdout' | 'treatment';

/** What an assignment depends on, and nothing else. */
export interface AssignmentKey {
  readonly tenant: string;
  readonly journeyId: string;
  readonly customerId: string;
  /** Fixed per journey, so that arms of different journeys are independent. */
  readonly salt: string;
}

/**
 * A number in [0, 1), uniform over customers: the first 53 bits of SHA-256(salt ␀ tenant ␀ journey
 * ␀ customer) as a binary fraction. Ids carry no NUL, so the parts cannot run together.
 */
export function assignmentFraction({ tenant, journeyId, customerId, salt }: AssignmentKey): number {
  const digest = createHash('sha256')
    .update(`${salt}\0${tenant}\0${journeyId}\0${customerId}`)
    .digest();
  const high = digest.readUInt32BE(0);
  const low = digest.readUInt32BE(4) >>> 11;
  return (high * 2 ** 21 + low) / 2 ** 53;
}

/** Holdout when the fraction lies below the share: 0 holds nobody out, 1 everybody. */
export function armOf(key: AssignmentKey, holdoutShare: number): Arm {
  return assignmentFraction(key) < holdoutShare ? 'holdout' : 'treatment';
}
