import type { Queryable } from '@kiki/postgres';
import type { ConsentVerdict } from '../domain/policy/finding.js';

/** One question to the consent registry. */
export interface ConsentAsk {
  /** Pseudonym of the customer. */
  readonly subject: string;
  readonly purpose: string;
  readonly channel?: string;
  /** ISO 3166, for regions where silence is no consent. */
  readonly geo?: string;
}

/** Asks the consent registry inside the transaction that decides. */
export abstract class ConsentCheck {
  /** One verdict per question, in order; what is not known is not granted. */
  abstract verdicts(
    tx: Queryable,
    tenant: string,
    asks: readonly ConsentAsk[],
  ): Promise<ConsentVerdict[]>;
}

/** Without a registry nobody has consented. */
export class NoConsentRegistry extends ConsentCheck {
  override verdicts(
    _tx: Queryable,
    _tenant: string,
    asks: readonly ConsentAsk[],
  ): Promise<ConsentVerdict[]> {
    return Promise.resolve(asks.map(() => ({ isGranted: false, reason: 'no_registry' })));
  }
}
