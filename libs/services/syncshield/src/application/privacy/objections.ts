import { createHash } from 'node:crypto';
import { ANY } from '../../domain/consent/consent-record.js';
import type { ConsentRegistry } from '../consent-registry.js';
import type { RecordConsents } from '../record-consents.js';
import type { SubjectKeys } from '../subject-keys.js';

/**
 * Records that somebody must not be processed for anything. After an erasure the word is kept under the key of the new
 * subject that the same customer id would be: found by an HMAC of the id, it names nobody, and counts when they come in
 * again. A later consent of the person ends it.
 */
export class Objections {
  constructor(
    private readonly consents: RecordConsents,
    private readonly registry: ConsentRegistry,
    private readonly keys: SubjectKeys,
  ) {}

  /** Whether one of the customers has objected to everything; an erasure must not undo that. @throws unavailable */
  async stands(tenant: string, customerIds: readonly string[]): Promise<boolean> {
    const found = await Promise.all(customerIds.map((id) => this.keys.find(tenant, id)));
    const subjects = found.filter((subject) => subject !== undefined);
    if (subjects.length === 0) return false;
    const { statesOf } = await this.registry.snapshot(tenant, subjects);
    const states = subjects.flatMap((subject) => statesOf.get(subject) ?? []);
    return states.some(({ purpose, channel, action }) => {
      return purpose === ANY && channel === ANY && action === 'objected';
    });
  }

  /** Once per request. @throws what the registry answers */
  async object(tenant: string, requestId: string, customerIds: readonly string[]): Promise<void> {
    if (customerIds.length === 0) return;
    const name = createHash('sha256').update(requestId).digest('hex').slice(0, 32);
    const results = await this.consents.execute(
      tenant,
      'syncshield',
      customerIds.map((customerId, i) => ({
        ...{ id: `privacy-${name}-${i}`, customerId, action: 'objected' as const },
        ...{ purpose: ANY, channel: ANY, vendor: ANY, source: 'privacy_request' },
        proof: { kind: 'other' as const, value: requestId },
      })),
    );
    for (const result of results) if (!result.ok) throw result.error;
  }
}
