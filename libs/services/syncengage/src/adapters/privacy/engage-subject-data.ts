import type { Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import {
  plainRow,
  rowsOf,
  SubjectData,
  type Subject,
  type SubjectChanges,
  type SubjectCounts,
  type SubjectParts,
} from '@kiki/subject-data';
import { normaliseEmail } from '../../domain/email-address.js';
import { errors } from '../../errors.js';
import { ENGAGE_STORES } from './engage-data-map.js';
import { cancelMessages, eraseSubject } from './engage-erasure.js';

const TABLES = ENGAGE_STORES.map(({ store }) => store.replace('syncengage.', ''));

/** A trait that is null goes. */
const RECTIFY = `
  update profiles
     set email = case when $3 then $4 else email end,
         traits = jsonb_strip_nulls(traits || $5::jsonb),
         trait_times = trait_times || $6::jsonb
   where tenant = $1 and customer_id = any($2::text[])`;

const OBJECT = `
  with changed as (
    update profiles set subscription = 'unsubscribed', subscription_at = now()
     where tenant = $1 and subscription <> 'unsubscribed'
       and (customer_id = any($2::text[]) or email = $3)
    returning customer_id
  )
  insert into consent_changes (tenant, customer_id, channel, status, source, proof, at)
  select $1, customer_id, 'email', 'unsubscribed', 'privacy_request', $4, now() from changed`;

/** What SyncEngage knows of a person: nearly everything that is personal in KIKI. */
export class EngageSubjectData extends SubjectData {
  override readonly stores = ENGAGE_STORES;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async access(tx: Queryable, subject: Subject): Promise<SubjectParts> {
    const parts: Record<string, unknown[]> = {};
    for (const table of TABLES) parts[`syncengage.${table}`] = await rowsOf(tx, table, subject);
    const anonymous = await tx.query(
      `select e.* from events e join anonymous_links l using (tenant, anonymous_id)
        where e.tenant = $1 and l.customer_id = any($2::text[]) and e.customer_id is null`,
      [subject.tenant, subject.customerIds],
    );
    parts['syncengage.events']?.push(...anonymous.map(plainRow));
    return parts;
  }

  override erase(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    return eraseSubject(tx, subject);
  }

  override async rectify(
    tx: Queryable,
    { tenant, customerIds }: Subject,
    { email, traits = {} }: SubjectChanges,
  ): Promise<SubjectCounts> {
    const address = email === undefined ? undefined : normaliseEmail(email);
    if (email !== undefined && address === undefined) {
      throw errors.email_invalid(undefined, {
        fields: [{ field: 'changes.email', expected: 'one address such as name@example.test' }],
      });
    }
    const nowMs = Math.floor(this.clock.nowMs());
    const names = [...Object.keys(traits), ...(address === undefined ? [] : ['email'])];
    const profiles = await tx.execute(RECTIFY, [
      ...[tenant, customerIds, address !== undefined, address ?? null],
      JSON.stringify(traits),
      JSON.stringify(Object.fromEntries(names.map((name) => [name, nowMs]))),
    ]);
    return { 'syncengage.profiles': profiles };
  }

  override async optOut(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    const { tenant, customerIds, email, requestId } = subject;
    const address = email === undefined ? null : (normaliseEmail(email) ?? null);
    const changes = await tx.execute(OBJECT, [tenant, customerIds, address, requestId]);
    return {
      'syncengage.consent_changes': changes,
      'syncengage.messages': await cancelMessages(tx, subject, 'unsubscribed'),
    };
  }

  override async locate(tenant: string, email: string): Promise<readonly string[]> {
    const address = normaliseEmail(email);
    if (address === undefined) return [];
    const rows = await this.database.query<{ customer_id: string }>(
      'select customer_id from profiles where tenant = $1 and email = $2 order by customer_id',
      [tenant, address],
    );
    return rows.map((row) => row.customer_id);
  }
}
