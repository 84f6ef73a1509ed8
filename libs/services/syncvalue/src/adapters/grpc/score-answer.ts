import type * as wire from '@kiki/contract-syncvalue';
import type { CustomerScore } from '../../application/customer-scores.js';
import type { ScoreStamp } from '../../application/list-customers.js';
import { WIRE_TIER } from './enums.js';

/** A row of the table of values. */
export function scoreAnswer(score: CustomerScore): wire.CustomerScore {
  const { customerId, ltvMicros, expectedPurchases, aliveProbability, tier, rfm } = score;
  return {
    ...{ customerId, ltvMicros, expectedPurchases, aliveProbability },
    valueTier: WIRE_TIER[tier],
    rfm,
  };
}

/** What the table was made from. */
export function scoreStampAnswer({ pass, terms, asOf }: ScoreStamp): wire.ScoreStamp {
  return {
    modelVersion: pass.version,
    asOf,
    computedAt: new Date(pass.computedAtMs),
    customerCount: BigInt(pass.customerCount),
    currency: terms.currency,
    ...pass.options,
  };
}
