import type { Database, Queryable } from '@kiki/postgres';
import type { SubjectAction, SubjectReceipt } from './execute-subject-request.js';
import type { SubjectCounts } from './subject-data.js';

/** Migrations of {@link receiptsSchema}. */
export const receiptsMigrationsDir = new URL('../migrations/', import.meta.url);

/** The schema of a service's receipts, e.g. `syncflow_privacy`; it has its own migrations ledger. */
export function receiptsSchema(serviceSchema: string): string {
  return `${serviceSchema}_privacy`;
}

/** What is stored of one request and action. */
export interface StoredReceipt {
  readonly counts: SubjectCounts;
  readonly receipt: SubjectReceipt | undefined;
}

interface ReceiptKey {
  readonly tenant: string;
  readonly requestId: string;
  readonly action: SubjectAction;
}

/** Receipts in the service's own database. */
export class Receipts {
  private readonly table: string;

  constructor(private readonly database: Database) {
    this.table = `"${receiptsSchema(database.schema)}".receipts`;
  }

  async find({ tenant, requestId, action }: ReceiptKey): Promise<StoredReceipt | undefined> {
    const [row] = await this.database.query<{ counts: SubjectCounts; receipt: string | null }>(
      `SELECT counts, receipt FROM ${this.table}
        WHERE tenant = $1 AND request_id = $2 AND action = $3`,
      [tenant, requestId, action],
    );
    if (row === undefined) return undefined;
    const receipt = row.receipt === null ? undefined : (JSON.parse(row.receipt) as SubjectReceipt);
    return { counts: row.counts, receipt };
  }

  /** In the transaction of the change itself. */
  async applied(tx: Queryable, key: ReceiptKey, counts: SubjectCounts, at: Date): Promise<void> {
    await tx.execute(
      `INSERT INTO ${this.table} (tenant, request_id, action, counts, applied_at)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant, request_id, action) DO NOTHING`,
      [key.tenant, key.requestId, key.action, JSON.stringify(counts), at],
    );
  }

  /** A receipt that says no, where there is none yet: nothing was applied. */
  async refused(key: ReceiptKey, receipt: SubjectReceipt, at: Date): Promise<SubjectReceipt> {
    const [row] = await this.database.query<{ receipt: string }>(
      `INSERT INTO ${this.table} AS r (tenant, request_id, action, counts, applied_at, receipt)
       VALUES ($1, $2, $3, '{}', $4, $5)
       ON CONFLICT (tenant, request_id, action) DO UPDATE
          SET receipt = coalesce(r.receipt, excluded.receipt)
       RETURNING receipt`,
      [key.tenant, key.requestId, key.action, at, JSON.stringify(receipt)],
    );
    return row === undefined ? receipt : (JSON.parse(row.receipt) as SubjectReceipt);
  }

  /** The receipt that counts: of two runs the first one's. */
  async finish(key: ReceiptKey, receipt: SubjectReceipt): Promise<SubjectReceipt> {
    const [row] = await this.database.query<{ receipt: string }>(
      `UPDATE ${this.table} SET receipt = coalesce(receipt, $4)
        WHERE tenant = $1 AND request_id = $2 AND action = $3 RETURNING receipt`,
      [key.tenant, key.requestId, key.action, JSON.stringify(receipt)],
    );
    return row === undefined ? receipt : (JSON.parse(row.receipt) as SubjectReceipt);
  }
}
