import type { Queryable } from '@kiki/postgres';
import { ConsentCheck, type ConsentAsk } from '../../application/consent-check.js';
import { judgeConsent } from '../../domain/consent/judge-consent.js';
import type { ConsentVerdict } from '../../domain/policy/finding.js';
import type { PostgresConsentRegistry } from './postgres-consent-registry.js';

/** The channel of a hold that names none: only words about every channel speak of it. */
const NO_CHANNEL = 'unknown';

/** The registry as policies ask it, in the transaction that decides. */
export class PostgresConsentCheck extends ConsentCheck {
  constructor(private readonly registry: PostgresConsentRegistry) {
    super();
  }

  override async verdicts(
    tx: Queryable,
    tenant: string,
    asks: readonly ConsentAsk[],
  ): Promise<ConsentVerdict[]> {
    const subjects = [...new Set(asks.map(({ subject }) => subject))];
    const snapshot = await this.registry.snapshotIn(tx, tenant, subjects);
    const { settings, statesOf, nowMs } = snapshot;
    return asks.map(({ subject, purpose, channel = NO_CHANNEL, geo }) => {
      const question = { purpose, channel, ...(geo === undefined ? {} : { region: geo }) };
      const states = statesOf.get(subject) ?? [];
      const { isAllowed, reason, receiptId } = judgeConsent(question, states, settings, nowMs);
      return { isGranted: isAllowed, reason, receiptId };
    });
  }
}
