import type { Queryable, Row } from '@kiki/postgres';
import { broken } from '../../domain/audit-tree.js';

/** Records of one transaction as they are stored. */
export interface AuditBundle {
  readonly firstSeq: number;
  readonly records: readonly string[];
}

interface BundleRow extends Row {
  first_seq: bigint;
  count: number;
  records: string;
}

const OVERLAPPING = `
  SELECT first_seq, count, records FROM audit_bundles
   WHERE tenant = $1 AND first_seq < $3 AND first_seq >= coalesce(
     (SELECT max(first_seq) FROM audit_bundles WHERE tenant = $1 AND first_seq <= $2), 0)
   ORDER BY first_seq LIMIT $4`;

/** Bundles that hold records `from` (inclusive) to `to` (exclusive), in order. */
export async function findBundles(
  tx: Queryable,
  tenant: string,
  range: { readonly from: number; readonly to: number; readonly limit?: number },
): Promise<AuditBundle[]> {
  const { from, to, limit } = range;
  const values = [tenant, BigInt(from), BigInt(to), limit ?? null];
  const rows = await tx.query<BundleRow>(OVERLAPPING, values);
  return rows.map((row) => {
    const firstSeq = Number(row.first_seq);
    const records = row.records.split('\n');
    const { count } = row;
    if (count === records.length) return { firstSeq, records };
    return broken('record', firstSeq, `${records.length} records instead of ${count}.`);
  });
}

/**
 * The records `from` (inclusive) to `to` (exclusive) of bundles that follow each other without a
 * gap; ends early where the bundles do. @throws AuditBroken
 */
export function* recordsOf(
  bundles: readonly AuditBundle[],
  from: number,
  to: number,
): Generator<{ readonly seq: number; readonly record: string }> {
  let next = from;
  for (const [index, { firstSeq, records }] of bundles.entries()) {
    const end = firstSeq + records.length;
    const isFitting = index === 0 ? firstSeq <= next : firstSeq === next;
    if (!isFitting) broken('sequence', next, `the next stored records begin at ${firstSeq}.`);
    for (; next < Math.min(end, to); next++) {
      yield { seq: next, record: records[next - firstSeq] ?? '' };
    }
  }
}
