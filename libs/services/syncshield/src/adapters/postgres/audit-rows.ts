import type { Queryable, SqlValue } from '@kiki/postgres';
import { auditLine, type AuditRecord } from '../../domain/audit-record.js';

/** The parts of an append; `packedRecords` are the parameters of the first and the last. */
export const AUDIT_GIVEN = `
  SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[])
    AS k (tenant, count, start, bytes)`;
export const auditHeads = (from: string): string => `
  INSERT INTO audit_heads (tenant, next_seq) SELECT tenant, count FROM ${from}
  ON CONFLICT (tenant) DO UPDATE SET next_seq = audit_heads.next_seq + excluded.next_seq
  RETURNING tenant, next_seq`;
/** Records travel as the bytes that they are: an array of texts would be quoted and read again. */
export const AUDIT_BUNDLES = `
  INSERT INTO audit_bundles (tenant, first_seq, count, records)
  SELECT given.tenant, heads.next_seq - given.count, given.count,
         convert_from(substring($5::bytea FROM given.start FOR given.bytes), 'UTF8')
    FROM given JOIN heads USING (tenant)`;

const APPEND = `WITH given AS (${AUDIT_GIVEN}), heads AS (${auditHeads('given')})
  ${AUDIT_BUNDLES}`;

/**
 * Appends records, packed per tenant. The head row is the last lock of a transaction, and tenants
 * come in a fixed order, so that sequence numbers are dense and appear in order of commit without
 * a deadlock.
 */
export async function appendAudit(tx: Queryable, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  await tx.execute(APPEND, packedRecords(records), { name: 'shield-append-audit' });
}

/** Records, packed per tenant. */
export function packedRecords(records: readonly AuditRecord[]): SqlValue[] {
  const lines = new Map<string, string[]>();
  for (const record of records) {
    const line = auditLine(record);
    const known = lines.get(record.tenant);
    if (known === undefined) lines.set(record.tenant, [line]);
    else known.push(line);
  }
  const bundles = [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
  const packed = bundles.map(([, of]) => Buffer.from(of.join('\n'), 'utf8'));
  let end = 1;
  const starts = packed.map(({ length }) => (end += length) - length);
  return [
    bundles.map(([tenant]) => tenant),
    bundles.map(([, of]) => of.length),
    starts,
    packed.map(({ length }) => length),
    Buffer.concat(packed),
  ];
}
