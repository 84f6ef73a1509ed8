import type { Queryable } from '@kiki/postgres';
import { auditLine, type AuditRecord } from '../../domain/audit-record.js';

const APPEND = `
  WITH heads AS (
    INSERT INTO audit_heads (tenant, next_seq)
    SELECT * FROM unnest($1::text[], $2::bigint[])
    ON CONFLICT (tenant) DO UPDATE SET next_seq = audit_heads.next_seq + excluded.next_seq
    RETURNING tenant, next_seq
  )
  INSERT INTO audit_bundles (tenant, first_seq, count, records)
  SELECT k.tenant, heads.next_seq - k.count, k.count, k.records
    FROM unnest($1::text[], $2::bigint[], $3::text[]) AS k (tenant, count, records)
    JOIN heads USING (tenant)`;

/**
 * Appends records, packed per tenant. The head row is the last lock of a transaction, and tenants
 * come in a fixed order, so that sequence numbers are dense and appear in order of commit without
 * a deadlock.
 */
export async function appendAudit(tx: Queryable, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  const lines = new Map<string, string[]>();
  for (const record of records) {
    const line = auditLine(record);
    const known = lines.get(record.tenant);
    if (known === undefined) lines.set(record.tenant, [line]);
    else known.push(line);
  }
  const bundles = [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
  await tx.execute(
    APPEND,
    [
      bundles.map(([tenant]) => tenant),
      bundles.map(([, of]) => of.length),
      bundles.map(([, of]) => of.join('\n')),
    ],
    { name: 'shield-append-audit' },
  );
}
