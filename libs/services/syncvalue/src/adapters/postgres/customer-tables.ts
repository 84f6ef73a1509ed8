import type { Queryable } from '@kiki/postgres';
import type { DatedTransaction } from '../../domain/ledger-terms.js';
import type { LedgerDay } from '../../domain/customer-state.js';
import {
  advancedState,
  rebuiltState,
  type GrownDay,
  type RunningState,
} from '../../domain/customer-state-running.js';
import { dayOfRow, runningStateOfRow, type DayRow, type RunningRow } from './rows.js';

/** Days with new rows, ascending, by customer. */
export type GrownDays = ReadonlyMap<string, readonly GrownDay[]>;

interface DayGain {
  readonly customerId: string;
  readonly day: number;
  purchases: number;
  purchaseMicros: bigint;
  refunds: number;
  refundMicros: bigint;
}

/** Adds new transactions to the days of their customers; reads only the days that it touches. */
export async function addDays(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
): Promise<GrownDays> {
  const gains = gainsOf(rows);
  const all = [...gains.values()];
  const grown = await tx.query<DayRow>(
    `INSERT INTO customer_days AS known
            (tenant, customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros)
     SELECT $1, rows.* FROM unnest(
            $2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::integer[], $7::bigint[]) AS rows
     ON CONFLICT (tenant, customer_id, day) DO UPDATE SET
            purchase_count = known.purchase_count + excluded.purchase_count,
            purchase_micros = known.purchase_micros + excluded.purchase_micros,
            refund_count = known.refund_count + excluded.refund_count,
            refund_micros = known.refund_micros + excluded.refund_micros
     RETURNING customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros`,
    [
      tenant,
      all.map((gain) => gain.customerId),
      all.map((gain) => gain.day),
      all.map((gain) => gain.purchases),
      all.map((gain) => gain.purchaseMicros),
      all.map((gain) => gain.refunds),
      all.map((gain) => gain.refundMicros),
    ],
  );
  return byCustomer(grown, gains);
}

function byCustomer(
  rows: readonly DayRow[],
  gains: ReadonlyMap<string, DayGain>,
): Map<string, GrownDay[]> {
  const days = new Map<string, GrownDay[]>();
  for (const row of rows) {
    const gain = gains.get(`${row.day}/${row.customer_id}`);
    if (gain === undefined) continue;
    const gained = {
      purchases: gain.purchases,
      purchaseMicros: Number(gain.purchaseMicros),
      refunds: gain.refunds,
      refundMicros: Number(gain.refundMicros),
    };
    const grown = { ...dayOfRow(row), gained };
    const known = days.get(row.customer_id);
    if (known === undefined) days.set(row.customer_id, [grown]);
    else known.push(grown);
  }
  for (const list of days.values()) list.sort((a, b) => a.day - b.day);
  return days;
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

/** Takes grown days into the states of their customers; only where that cannot be are all days of one read. */
export async function advanceStates(
  tx: Queryable,
  tenant: string,
  grown: GrownDays,
): Promise<void> {
  const ids = [...grown.keys()].sort();
  const before = await runningStates(tx, tenant, ids);
  const states = new Map<string, RunningState>();
  for (const id of ids) {
    const state = advancedState(before.get(id), grown.get(id) ?? []);
    if (state !== undefined) states.set(id, state);
  }
  const others = ids.filter((id) => !states.has(id));
  for (const [id, state] of await rebuiltStates(tx, tenant, others)) states.set(id, state);
  await writeStates(tx, tenant, states);
}

async function runningStates(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, RunningState>> {
  const rows = await tx.query<RunningRow>(
    `SELECT customer_id, first_day, last_day, frequency, repeat_micros, total_micros, transaction_count,
            refund_count, last_refund_day, has_deep_refund
       FROM customers WHERE tenant = $1 AND customer_id = ANY($2)`,
    [tenant, ids],
  );
  return new Map(rows.map((row) => [row.customer_id, runningStateOfRow(row)]));
}

/** The states of some customers from all of their days. */
async function rebuiltStates(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, RunningState>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.query<DayRow>(
    `SELECT customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros
       FROM customer_days WHERE tenant = $1 AND customer_id = ANY($2)
      ORDER BY customer_id, day`,
    [tenant, ids],
  );
  const days = new Map<string, LedgerDay[]>(ids.map((id) => [id, []]));
  for (const row of rows) days.get(row.customer_id)?.push(dayOfRow(row));
  return new Map([...days].map(([id, all]) => [id, rebuiltState(all)]));
}

async function writeStates(
  tx: Queryable,
  tenant: string,
  states: ReadonlyMap<string, RunningState>,
): Promise<void> {
  const all = [...states.values()];
  await tx.execute(
    `INSERT INTO customers (tenant, customer_id, first_day, last_day, frequency, repeat_micros, total_micros,
            transaction_count, refund_count, last_refund_day, has_deep_refund)
     SELECT $1, rows.* FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::integer[], $11::boolean[]) AS rows
     ON CONFLICT (tenant, customer_id) DO UPDATE SET
            first_day = excluded.first_day, last_day = excluded.last_day,
            frequency = excluded.frequency, repeat_micros = excluded.repeat_micros,
            total_micros = excluded.total_micros,
            transaction_count = excluded.transaction_count, refund_count = excluded.refund_count,
            last_refund_day = excluded.last_refund_day, has_deep_refund = excluded.has_deep_refund`,
    [
      tenant,
      [...states.keys()],
      all.map(({ history }) => history?.firstDay ?? null),
      all.map(({ history }) => history?.lastDay ?? null),
      all.map(({ history }) => history?.frequency ?? 0),
      all.map(({ history }) => history?.repeatMicros ?? 0),
      all.map(({ history }) => history?.totalMicros ?? 0),
      all.map((state) => state.transactionCount),
      all.map((state) => state.refundCount),
      all.map((state) => state.lastRefundDay ?? null),
      all.map((state) => state.hasDeepRefund),
    ],
  );
}
