import type { Queryable } from '@kiki/postgres';
import {
  identifiersOf,
  plainRow,
  SubjectData,
  type Subject,
  type SubjectCounts,
  type SubjectParts,
} from '@kiki/subject-data';
import type { ForgetSubject } from '../../application/privacy/forget-subject.js';
import type { PrivacyRequests } from '../../application/privacy/privacy-requests.js';
import type { SubjectKeys } from '../../application/subject-keys.js';
import { eraseHoldTexts, holdsWhere } from './hold-texts.js';
import { SHIELD_STORES } from './shield-data-map.js';

/**
 * What SyncShield knows of a person: pseudonyms under a key of their own, and what is sealed by it. The key is
 * destroyed; what the ledger and the audit log prove stays, about nobody.
 */
export class ShieldSubjectData extends SubjectData {
  override readonly stores = SHIELD_STORES;

  constructor(
    private readonly keys: SubjectKeys,
    private readonly forgetSubject: ForgetSubject,
    private readonly requests: PrivacyRequests,
  ) {
    super();
  }

  override async access(tx: Queryable, subject: Subject): Promise<SubjectParts> {
    const pseudonyms = await this.pseudonymsOf(subject);
    if (pseudonyms.length === 0) return {};
    const { tenant } = subject;
    const parts: Record<string, unknown[]> = {};
    const condition = `EXISTS (SELECT FROM unnest($3::text[]) AS q (text)
                                WHERE position(q.text IN context) > 0)`;
    const ids = await holdsWhere(tx, tenant, condition, [pseudonyms]);
    const holds = await tx.query(
      `SELECT id, amount_micros, currency, purpose, reference, context, is_approved, reason, decided_ms, state
         FROM holds WHERE tenant = $1 AND id = ANY($2::text[])`,
      [tenant, ids],
    );
    parts['syncshield.holds'] = holds.map(plainRow);
    for (const table of await tablesOfSubjects(tx)) {
      const rows = await tx.query(
        `SELECT * FROM ${table} WHERE tenant = $1 AND subject = ANY($2::text[])`,
        [tenant, pseudonyms],
      );
      parts[`syncshield.${table}`] = rows.map(plainRow);
    }
    return parts;
  }

  override async prepare(subject: Subject): Promise<SubjectCounts> {
    return {
      'syncshield.privacy_exports': await this.requests.dropExportsOf(subject),
      'kiki_subject_keys.subject_keys': (await this.pseudonymsOf(subject)).length,
    };
  }

  override async erase(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    const texts = await eraseHoldTexts(tx, subject.tenant, identifiersOf(subject));
    return { 'syncshield.holds': texts };
  }

  /** The end of the way back: also after a crash that came before it. */
  override forget({ tenant, customerIds, requestId }: Subject): Promise<void> {
    return this.forgetSubject.execute(tenant, customerIds, requestId);
  }

  private async pseudonymsOf({ tenant, customerIds }: Subject): Promise<string[]> {
    const found = await Promise.all(customerIds.map((id) => this.keys.find(tenant, id)));
    return found.filter((pseudonym) => pseudonym !== undefined);
  }
}

/** Tables that know subjects by pseudonym, of whatever area of the service. */
async function tablesOfSubjects(tx: Queryable): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.columns
      WHERE table_schema = current_schema() AND column_name = 'subject' AND data_type = 'text'
      ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
