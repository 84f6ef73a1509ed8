import { errors } from '../errors.js';
import type { ConsentRegistry, StoredConsent } from './consent-registry.js';
import type { Page, PageRequest } from './ledger.js';
import type { SubjectKeys } from './subject-keys.js';

/** A record with its proof; without one when there is none, or the customer was erased. */
export interface OpenedConsent {
  readonly record: StoredConsent;
  readonly proof?: string;
}

/** Reads what people said, proofs included. */
export class ConsentHistory {
  constructor(
    private readonly registry: ConsentRegistry,
    private readonly keys: SubjectKeys,
  ) {}

  /** @throws consent_record_not_found */
  async find(tenant: string, id: string): Promise<OpenedConsent> {
    const record = await this.registry.find(tenant, id);
    if (record === undefined) throw errors.consent_record_not_found();
    return this.opened(tenant, record);
  }

  /** Newest first. @throws consent_record_not_found for somebody who never said anything */
  async of(tenant: string, customerId: string, page: PageRequest): Promise<Page<OpenedConsent>> {
    const subject = await this.keys.find(tenant, customerId);
    if (subject === undefined) throw errors.consent_record_not_found();
    const { items, ...rest } = await this.registry.history(tenant, subject, page);
    if (items.length === 0) throw errors.consent_record_not_found();
    return { items: await Promise.all(items.map((of) => this.opened(tenant, of))), ...rest };
  }

  private async opened(tenant: string, record: StoredConsent): Promise<OpenedConsent> {
    const { sealedProof } = record;
    const proof = sealedProof && (await this.keys.open(tenant, sealedProof));
    return { record, ...(proof === undefined ? {} : { proof }) };
  }
}
