import { randomUUID } from 'node:crypto';
import { kernelErrors } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import { deleteOf, type Subject, type SubjectCounts } from '@kiki/subject-data';

/** Planned messages are never sent; their holds are given back by the settlement of messages. */
const CANCEL = `
  with m as (
    update messages set state = 'cancelled', reason = $3, finished_at = now()
     where tenant = $1 and customer_id = any($2::text[]) and state = 'planned'
    returning tenant, journey_id, customer_id
  )
  update journey_assignments a set outcome = 'suppressed', reason = $3, decided_at = now()
    from m where a.tenant = m.tenant and a.journey_id = m.journey_id and a.customer_id = m.customer_id`;

/** An assignment under another name: messages refer to it, so the new one comes before the old one goes. */
const RENAME = [
  `insert into journey_assignments (tenant, journey_id, customer_id, arm, outcome, reason, alive_probability,
                                    model_version, run_id, considered_run_id, assigned_at, decided_at)
   select tenant, journey_id, $3, arm, case outcome when 'pending' then 'suppressed' else outcome end,
          case outcome when 'pending' then 'erased' else reason end, alive_probability, model_version, run_id,
          considered_run_id, assigned_at, decided_at
     from journey_assignments where tenant = $1 and customer_id = $2`,
  `update messages set customer_id = $3, smtp_response = null where tenant = $1 and customer_id = $2`,
];

const EVENTS = `
  delete from events where tenant = $1 and (customer_id = any($2::text[]) or anonymous_id in
    (select anonymous_id from anonymous_links where tenant = $1 and customer_id = any($2::text[])))`;

/** Stops what is planned for a subject. */
export async function cancelMessages(
  tx: Queryable,
  { tenant, customerIds }: Subject,
  reason: 'erased' | 'unsubscribed',
): Promise<number> {
  return tx.execute(CANCEL, [tenant, customerIds, reason]);
}

/**
 * Deletes what is known of a subject; what journeys did stays under a random name, because their money and their
 * measured lift depend on it. @throws unavailable while a mail to the subject is on its way
 */
export async function eraseSubject(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
  const { tenant, customerIds } = subject;
  await tx.query(
    `select from profiles where tenant = $1 and customer_id = any($2::text[])
      order by customer_id for update`,
    [tenant, customerIds],
  );
  const assignments = await tx.query<{ customer_id: string }>(
    `select customer_id from journey_assignments where tenant = $1 and customer_id = any($2::text[])
      order by journey_id, customer_id for update`,
    [tenant, customerIds],
  );
  await refuseSending(tx, subject);
  await cancelMessages(tx, subject, 'erased');
  let messages = 0;
  for (const customerId of new Set(assignments.map((row) => row.customer_id))) {
    messages += await rename(tx, tenant, customerId);
  }
  return {
    'syncengage.journey_assignments': await deleteOf(tx, 'journey_assignments', subject),
    'syncengage.messages': messages,
    'syncengage.outbox': await deleteOf(tx, 'outbox', subject),
    'syncengage.events': await tx.execute(EVENTS, [tenant, customerIds]),
    'syncengage.anonymous_links': await deleteOf(tx, 'anonymous_links', subject),
    'syncengage.consent_changes': await deleteOf(tx, 'consent_changes', subject),
    'syncengage.privacy_signals': await deleteOf(tx, 'privacy_signals', subject),
    'syncengage.segment_members': await deleteOf(tx, 'segment_members', subject),
    'syncengage.profiles': await deleteOf(tx, 'profiles', subject),
  };
}

async function rename(tx: Queryable, tenant: string, customerId: string): Promise<number> {
  const values = [tenant, customerId, `erased_${randomUUID()}`];
  const [insert, update] = RENAME as [string, string];
  await tx.execute(insert, values);
  return tx.execute(update, values);
}

async function refuseSending(tx: Queryable, { tenant, customerIds }: Subject): Promise<void> {
  const [sending] = await tx.query(
    `select from messages where tenant = $1 and customer_id = any($2::text[]) and state = 'sending'
      limit 1`,
    [tenant, customerIds],
  );
  if (sending === undefined) return;
  throw kernelErrors.unavailable('A mail to the subject is on its way.', { retryAfterMs: 2_000 });
}
