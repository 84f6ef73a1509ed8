import { kernelErrors } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import type { Subject, SubjectParts } from '@kiki/subject-data';
import type { SubjectKeys } from '../../application/subject-keys.js';
import type { RequestDetails } from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';
import { sealedName } from './privacy-facts.js';

/** What an access request brought, by service. @throws privacy_export_gone */
export async function readExport(
  database: Database,
  keys: SubjectKeys,
  tenant: string,
  id: string,
): Promise<Readonly<Record<string, SubjectParts>>> {
  const rows = await database.query<{ service: string; sealed: string }>(
    'SELECT service, sealed FROM privacy_exports WHERE tenant = $1 AND request_id = $2',
    [tenant, id],
  );
  const parts: Record<string, SubjectParts> = {};
  for (const { service, sealed } of rows) {
    const text = await keys.open(tenant, sealed);
    if (text !== undefined) parts[service] = JSON.parse(text) as SubjectParts;
  }
  if (Object.keys(parts).length === 0) throw errors.privacy_export_gone();
  return parts;
}

/** Deletes exports of requests that ended before the instant, and the keys that open them. */
export async function dropExports(
  database: Database,
  keys: SubjectKeys,
  tenant: string,
  completedBeforeMs: number,
): Promise<number> {
  const gone = await database.query<{ request_id: string }>(
    `WITH gone AS (
       DELETE FROM privacy_exports e USING privacy_requests r
        WHERE e.tenant = $1 AND r.tenant = e.tenant AND r.id = e.request_id AND r.finished_ms < $2
       RETURNING e.tenant, e.request_id
     ), emptied AS (
       UPDATE privacy_requests r SET sealed = '' FROM gone
        WHERE r.tenant = gone.tenant AND r.id = gone.request_id
     )
     SELECT DISTINCT request_id FROM gone`,
    [tenant, completedBeforeMs],
  );
  for (const { request_id: id } of gone) await keys.erase(tenant, sealedName(id), id);
  return gone.length;
}

interface MadeExport extends Record<string, unknown> {
  readonly id: string;
  readonly state: string;
  readonly sealed: string;
  readonly is_theirs: boolean;
}

/** What requests were filed for, and those of a mailbox alone, of which only the details say whom they found. */
const EXPORTS_OF = `
  SELECT id, state, sealed, coalesce(customer_digest = ANY($2::text[]) OR email_digest = $3, false) AS is_theirs
    FROM privacy_requests
   WHERE tenant = $1 AND kind = 'access' AND state IN ('running', 'completed') AND sealed <> ''
     AND (customer_digest IS NULL OR customer_digest = ANY($2::text[]) OR email_digest = $3)`;

/**
 * Deletes every export about a subject, with the keys that open them; how many requests lost theirs.
 * @throws unavailable while one is being made: it would be there after the erasure
 */
export async function dropExportsOf(
  database: Database,
  keys: SubjectKeys,
  { tenant, customerIds, email }: Subject,
): Promise<number> {
  const customers = customerIds.map((id) => keys.digest(tenant, 'customer', id));
  const mailbox = email === undefined ? null : await keys.digest(tenant, 'email', email);
  const values = [tenant, await Promise.all(customers), mailbox];
  const rows = await database.query<MadeExport>(EXPORTS_OF, values);
  const theirs: MadeExport[] = [];
  for (const row of rows) {
    if (row.is_theirs || (await namesAny(keys, tenant, row.sealed, customerIds))) theirs.push(row);
  }
  if (theirs.some(({ state }) => state === 'running')) {
    throw kernelErrors.unavailable('An export about the subject is being made.', {
      retryAfterMs: 1_000,
    });
  }
  const ids = theirs.map(({ id }) => id);
  for (const id of ids) await keys.erase(tenant, sealedName(id), id);
  await database.execute(
    `WITH gone AS (DELETE FROM privacy_exports WHERE tenant = $1 AND request_id = ANY($2::text[]))
     UPDATE privacy_requests SET sealed = '' WHERE tenant = $1 AND id = ANY($2::text[])`,
    [tenant, ids],
  );
  return ids.length;
}

/** Whether a request found one of the customers; one that nobody can open any more may go too. */
async function namesAny(
  keys: SubjectKeys,
  tenant: string,
  sealed: string,
  customerIds: readonly string[],
): Promise<boolean> {
  const text = await keys.open(tenant, sealed);
  if (text === undefined) return true;
  const details = JSON.parse(text) as RequestDetails;
  return details.customerIds.some((id) => customerIds.includes(id));
}
