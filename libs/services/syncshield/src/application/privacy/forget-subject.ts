import { createHash } from 'node:crypto';
import type { Clock } from '@kiki/kernel';
import { ANY } from '../../domain/consent/consent-record.js';
import type { ConsentRegistry } from '../consent-registry.js';
import { BELIEVED_MS, type SubjectKeys } from '../subject-keys.js';

const ACTOR = 'syncshield';

/**
 * Destroys the keys of subjects. What they consented to ends with them, and the feed says so twice, because whoever
 * remembers an answer only drops it when the feed names its pseudonym: before, so that a crash leaves nobody allowed;
 * and after, when no process knows the old pseudonym any more, so that nobody stays refused who comes in again.
 */
export class ForgetSubject {
  constructor(
    private readonly consents: ConsentRegistry,
    private readonly keys: SubjectKeys,
    private readonly clock: Clock,
  ) {}

  /** Does nothing for who has no key. @throws what the registry and the key store throw */
  async execute(tenant: string, customerIds: readonly string[], requestId: string): Promise<void> {
    const found = await Promise.all(customerIds.map((id) => this.keys.find(tenant, id)));
    const subjects = found.filter((subject) => subject !== undefined);
    if (subjects.length === 0) return;
    await this.end(tenant, subjects, 'erasing');
    for (const id of customerIds) await this.keys.erase(tenant, id, requestId);
    await this.clock.sleep(BELIEVED_MS);
    await this.end(tenant, subjects, 'erased');
  }

  private async end(tenant: string, subjects: readonly string[], source: string): Promise<void> {
    const everything = { purpose: ANY, channel: ANY, vendor: ANY, action: 'withdrawn' } as const;
    const entries = subjects.map((subject) => {
      const digest = createHash('sha256').update(`${source} ${subject}`).digest('hex');
      const id = `${source}-${digest.slice(0, 32)}`;
      return { ...everything, id, subject, source, requestSha256: digest };
    });
    const results = await this.consents.record(tenant, ACTOR, entries);
    for (const result of results) if (!result.ok) throw result.error;
  }
}
