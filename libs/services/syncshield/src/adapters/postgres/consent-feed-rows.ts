import type { Queryable } from '@kiki/postgres';
import type { ConsentChange, ConsentChanges } from '../../application/consent-registry.js';
import type { ConsentAction } from '../../domain/consent/consent-record.js';

interface ChangeRow extends Record<string, unknown> {
  last_seq: bigint;
  seq: bigint | null;
  version: number | null;
  subject: string;
  purpose: string;
  channel: string;
  vendor: string;
  action: ConsentAction;
  record_id: string;
}

const CHANGES = `
  SELECT coalesce(h.last_seq, 0) AS last_seq, c.*
    FROM (VALUES ($1::text)) AS t (tenant)
    LEFT JOIN consent_heads h USING (tenant)
    LEFT JOIN LATERAL (
      SELECT seq, NULL::integer AS version, subject, purpose, channel, vendor, action, id AS record_id
        FROM consent_records WHERE tenant = t.tenant AND seq > $2
      UNION ALL
      SELECT seq, version, NULL, NULL, NULL, NULL, NULL, NULL
        FROM consent_settings WHERE tenant = t.tenant AND seq > $2
       ORDER BY seq LIMIT $3
    ) c ON true
   ORDER BY c.seq`;

/** Changes after a place, and where the feed stands, in one snapshot. */
export async function readChanges(
  from: Queryable,
  tenant: string,
  after: bigint | undefined,
  limit: number,
): Promise<ConsentChanges> {
  if (after === undefined) {
    return { items: [], next: await readLastSeq(from, tenant), isComplete: true };
  }
  const rows = await from.query<ChangeRow>(CHANGES, [tenant, after, limit], {
    name: 'shield-consent-changes',
  });
  const items = rows.flatMap((row) => toChange(row));
  const last = items.at(-1)?.seq;
  const head = rows[0]?.last_seq ?? 0n;
  // A place beyond the end is one of another store: the feed starts again from here.
  const next = last ?? (after > head ? head : after);
  return { items, next, isComplete: next >= head };
}

/** The last change of a tenant. */
export async function readLastSeq(from: Queryable, tenant: string): Promise<bigint> {
  const [row] = await from.query<{ last_seq: bigint }>(
    'SELECT last_seq FROM consent_heads WHERE tenant = $1',
    [tenant],
    { name: 'shield-consent-last-seq' },
  );
  return row?.last_seq ?? 0n;
}

function toChange(row: ChangeRow): ConsentChange[] {
  const { seq, version, subject, purpose, channel, vendor, action, record_id: recordId } = row;
  if (seq === null) return [];
  if (version !== null) return [{ kind: 'settings', seq, version }];
  return [{ kind: 'record', seq, subject, purpose, channel, vendor, action, recordId }];
}
