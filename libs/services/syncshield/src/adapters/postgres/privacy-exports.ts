import type { Database } from '@kiki/postgres';
import type { SubjectParts } from '@kiki/subject-data';
import type { SubjectKeys } from '../../application/subject-keys.js';
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
