import { netDays, summarize } from '@kiki/clv';
import type { Queryable } from '@kiki/postgres';
import type { LedgerDay } from '../../application/ledger.js';
import type { DatedTransaction } from '../../domain/ledger-terms.js';
import { dayOfRow, type DayRow } from './rows.js';

interface DayGain {
  readonly customerId: string;
  readonly day: number;
  purchases: number;
  purchaseMicros: bigint;
  refunds: number;
  refundMicros: bigint;
}

/** Adds new transactions to the days of their customers. */
export async function addDays(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
): Promise<void> {
  const gains = [...gainsOf(rows).values()];
  await tx.execute(
    `INSERT INTO customer_days AS known
            (tenant, customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros)
     SELECT $1, rows.* FROM unnest(
            $2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::integer[], $7::bigint[]) AS rows
     ON CONFLICT (tenant, customer_id, day) DO UPDATE SET
            purchase_count = known.purchase_count + excluded.purchase_count,
            purchase_micros = known.purchase_micros + excluded.purchase_micros,
            refund_count = known.refund_count + excluded.refund_count,
            refund_micros = known.refund_micros + excluded.refund_micros`,
    [
      tenant,
      gains.map((gain) => gain.customerId),
      gains.map((gain) => gain.day),
      gains.map((gain) => gain.purchases),
      gains.map((gain) => gain.purchaseMicros),
      gains.map((gain) => gain.refunds),
      gains.map((gain) => gain.refundMicros),
    ],
  );
}

function gainsOf(rows: readonly DatedTransaction[]): Map<string, DayGain> {
  const gains = new Map<string, DayGain>();
  for (const { customerId, day, amountMicros, isRefund } of rows) {
    const key = `${day}/${customerId}`;
    let gain = gains.get(key);
    if (gain === undefined) {
      gain = { customerId, day, purchases: 0, purchaseMicros: 0n, refunds: 0, refundMicros: 0n };
      gains.set(key, gain);
    }
    if (isRefund) {
      gain.refunds += 1;
      gain.refundMicros -= amountMicros;
    } else {
      gain.purchases += 1;
      gain.purchaseMicros += amountMicros;
    }
  }
  return gains;
}

/** Makes the states of some customers anew from their days: what a rebuild of everything would give. */
export async function rebuildStates(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<void> {
  const rows = await tx.query<DayRow>(
    `SELECT customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros
       FROM customer_days WHERE tenant = $1 AND customer_id = ANY($2)
      ORDER BY customer_id, day`,
    [tenant, ids],
  );
  const days = new Map<string, LedgerDay[]>(ids.map((id) => [id, []]));
  for (const row of rows) days.get(row.customer_id)?.push(dayOfRow(row));
  const states = ids.map((id) => ({
    days: days.get(id) ?? [],
    history: summarize(netDays(days.get(id) ?? [])),
  }));
  const total = (all: readonly LedgerDay[], count: (day: LedgerDay) => number): number =>
    all.reduce((sum, day) => sum + count(day), 0);
  await tx.execute(
    `INSERT INTO customers (tenant, customer_id, first_day, last_day, frequency, repeat_micros,
            total_micros, transaction_count, refund_count)
     SELECT $1, rows.* FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) AS rows
     ON CONFLICT (tenant, customer_id) DO UPDATE SET
            first_day = excluded.first_day, last_day = excluded.last_day,
            frequency = excluded.frequency, repeat_micros = excluded.repeat_micros,
            total_micros = excluded.total_micros,
            transaction_count = excluded.transaction_count, refund_count = excluded.refund_count`,
    [
      tenant,
      ids,
      states.map(({ history }) => history?.firstDay ?? null),
      states.map(({ history }) => history?.lastDay ?? null),
      states.map(({ history }) => history?.frequency ?? 0),
      states.map(({ history }) => history?.repeatMicros ?? 0),
      states.map(({ history }) => history?.totalMicros ?? 0),
      states.map((state) => total(state.days, (day) => day.purchases + day.refunds)),
      states.map((state) => total(state.days, (day) => day.refunds)),
    ],
  );
}
