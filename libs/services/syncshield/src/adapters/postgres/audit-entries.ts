import type { Queryable } from '@kiki/postgres';
import type { AuditEntry } from '../../application/ledger.js';
import { AuditBroken } from '../../domain/audit-tree.js';
import { errors } from '../../errors.js';
import { findBundles, recordsOf } from './audit-bundles.js';

/** Records from `from` (inclusive) on, at most `limit`. @throws audit_inconsistent */
export async function auditEntries(
  tx: Queryable,
  tenant: string,
  from: number,
  limit: number,
): Promise<AuditEntry[]> {
  try {
    const bundles = await findBundles(tx, tenant, { from, to: from + limit });
    return [...recordsOf(bundles, from, from + limit)].map(({ seq, record }) => ({
      seq: BigInt(seq),
      record,
    }));
  } catch (error) {
    if (!(error instanceof AuditBroken)) throw error;
    throw errors.audit_inconsistent(error.message);
  }
}
