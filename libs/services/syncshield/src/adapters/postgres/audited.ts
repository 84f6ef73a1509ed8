import type { Queryable } from '@kiki/postgres';
import type { AuditRecord } from '../../domain/audit-record.js';
import { appendAudit } from './audit-rows.js';

/** Appends one record as the last step of a transaction and returns its sequence number. */
export async function appendOne(tx: Queryable, record: AuditRecord): Promise<bigint> {
  await appendAudit(tx, [record]);
  // The head is locked until the commit: nobody has moved it since.
  const [head] = await tx.query<{ next_seq: bigint }>(
    'SELECT next_seq FROM audit_heads WHERE tenant = $1',
    [record.tenant],
  );
  if (head === undefined) throw new Error('an audit record was appended without a head');
  return head.next_seq - 1n;
}
