import {
  judgeConsent,
  type ConsentAnswer,
  type ConsentQuestion,
} from '../domain/consent/judge-consent.js';
import type { ConsentRegistry } from './consent-registry.js';
import type { SubjectKeys } from './subject-keys.js';

/** A question about a customer, or about nobody that is known. */
export interface ConsentCheckItem extends ConsentQuestion {
  readonly customerId?: string;
}

/** An answer with the name that the feed has for the customer. */
export interface CheckedConsent extends ConsentAnswer {
  readonly subject?: string;
}

/** All answers of one call, as of one instant. */
export interface ConsentChecked {
  readonly answers: readonly CheckedConsent[];
  /** Every change up to here is in the answers. */
  readonly seq: bigint;
}

/** Answers whether something may be done to customers now. */
export class CheckConsents {
  constructor(
    private readonly registry: ConsentRegistry,
    private readonly keys: SubjectKeys,
  ) {}

  /** One answer per item, in order. @throws unavailable */
  async execute(tenant: string, items: readonly ConsentCheckItem[]): Promise<ConsentChecked> {
    const customers = items.flatMap(({ customerId }) =>
      customerId === undefined ? [] : [customerId],
    );
    const subjects = await this.keys.pseudonyms(tenant, [...new Set(customers)]);
    const snapshot = await this.registry.snapshot(tenant, [...subjects.values()]);
    const { settings, statesOf, nowMs, seq } = snapshot;
    const answers = items.map((item): CheckedConsent => {
      const subject = item.customerId === undefined ? undefined : subjects.get(item.customerId);
      const states = subject === undefined ? [] : (statesOf.get(subject) ?? []);
      const answer = judgeConsent(item, states, settings, nowMs);
      return { ...answer, ...(subject === undefined ? {} : { subject }) };
    });
    return { answers, seq };
  }
}
