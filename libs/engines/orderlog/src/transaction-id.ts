import { hash } from 'node:crypto';

import { canonicalJson } from '@kiki/kernel';

/** What identifies a row that has no id of its own. */
export interface RowIdentity {
  readonly customerId: string;
  readonly atMs: number;
  readonly amountMicros: bigint | null;
  /** Which of the equal rows of its file this is, from 0. */
  readonly ordinal: number;
}

/** sha256 (hex) over customer, instant, amount and ordinal: the same file gives the same ids on every import. */
export function derivedTransactionId(row: RowIdentity): string {
  return hash(
    'sha256',
    canonicalJson([
      row.customerId,
      new Date(row.atMs).toISOString(),
      row.amountMicros === null ? null : row.amountMicros,
      row.ordinal,
    ]),
  );
}
