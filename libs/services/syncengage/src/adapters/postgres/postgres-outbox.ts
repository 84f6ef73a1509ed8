import type { Database } from '@kiki/postgres';
import {
  Outbox,
  type Forwarded,
  type OutboxLag,
  type OutboxOutcome,
  type OutboxRow,
} from '../../application/outbox.js';

interface PendingRow extends Record<string, unknown> {
  transaction_id: string;
  customer_id: string;
  occurred_at: Date;
  amount_micros: bigint;
  currency: string;
  kind: 'purchase' | 'refund';
}

const FINISH = `
  update outbox o set state = case when u.reason is null then 'sent' else 'rejected' end, reason = u.reason,
         finished_at = clock_timestamp()
    from unnest($2::text[], $3::text[]) as u (transaction_id, reason)
   where o.tenant = $1 and o.transaction_id = u.transaction_id and o.state = 'pending'`;

const PENDING = `
  select transaction_id, customer_id, occurred_at, amount_micros, currency, kind from outbox
   where tenant = $1 and state = 'pending' order by sequence limit $2`;

/** The outbox in the service's own schema. */
export class PostgresOutbox extends Outbox {
  constructor(private readonly database: Database) {
    super();
  }

  override async tenants(): Promise<string[]> {
    const rows = await this.database.query<{ tenant: string }>(
      `select distinct tenant from outbox where state = 'pending' order by tenant`,
    );
    return rows.map((row) => row.tenant);
  }

  override async pending(tenant: string, limit: number): Promise<OutboxRow[]> {
    return (await this.database.query<PendingRow>(PENDING, [tenant, limit])).map(toRow);
  }

  override forward(
    tenant: string,
    limit: number,
    send: (rows: readonly OutboxRow[]) => Promise<OutboxOutcome[]>,
  ): Promise<Forwarded> {
    return this.database.transaction(async (tx) => {
      const locked = await tx.query<PendingRow>(`${PENDING} for update skip locked`, [
        tenant,
        limit,
      ]);
      if (locked.length === 0) return { sent: 0, outcomes: [] };
      const outcomes = await send(locked.map(toRow));
      await tx.execute(FINISH, [
        tenant,
        outcomes.map(({ transactionId }) => transactionId),
        outcomes.map(({ rejectedBecause }) => rejectedBecause ?? null),
      ]);
      return { sent: locked.length, outcomes };
    });
  }

  override async lag(tenant?: string): Promise<OutboxLag> {
    const [row] = await this.database.query<{
      pending: bigint;
      rejected: bigint;
      oldest: Date | null;
    }>(
      `select count(*) filter (where state = 'pending') as pending,
              count(*) filter (where state = 'rejected') as rejected,
              min(created_at) filter (where state = 'pending') as oldest
         from outbox where state in ('pending', 'rejected') and ($1::text is null or tenant = $1)`,
      [tenant ?? null],
    );
    return {
      pending: Number(row?.pending ?? 0n),
      rejected: Number(row?.rejected ?? 0n),
      ...(row?.oldest == null ? {} : { oldestAt: row.oldest }),
    };
  }
}

function toRow(row: PendingRow): OutboxRow {
  return {
    transactionId: row.transaction_id,
    customerId: row.customer_id,
    occurredAt: row.occurred_at,
    amountMicros: row.amount_micros,
    currency: row.currency,
    kind: row.kind,
  };
}
