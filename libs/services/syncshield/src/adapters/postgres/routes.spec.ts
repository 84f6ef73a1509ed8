/**
 * Goal: every budget of a batch has its route when the batch is decided, however many routes a process has learned.
 * Method: a store with one budget per shard, and a process that remembers few.
 */
import { expect, it } from '@jest/globals';
import type { Queryable, Row } from '@kiki/postgres';
import { holdCommand } from '../../application/ledger.conformance.js';
import { Routes } from './routes.js';

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `b${from + i}`);

/** Budget `b7` is in shard 7; others do not exist. */
class Budgets implements Queryable {
  asked = 0;

  query<R extends Row>(_sql: string, [tenants, names]: readonly unknown[] = []): Promise<R[]> {
    this.asked++;
    const of = tenants as readonly string[];
    const rows = (names as readonly string[]).flatMap((id, at) =>
      /^b\d+$/.test(id) ? [{ tenant: of[at], id, shard_no: Number(id.slice(1)) }] : [],
    );
    return Promise.resolve(rows as unknown as R[]);
  }

  execute(): Promise<number> {
    throw new Error('routes only read');
  }
}

const batch = (budgetIds: readonly string[], tenant = 't') =>
  budgetIds.map((budgetId, n) => holdCommand({ tenant, id: `h${n}`, budgetId }));

it('asks once for what it has learned, tenant by tenant', async () => {
  const store = new Budgets();
  const routes = new Routes();
  expect(await routes.shardsOf(store, batch(['b2', 'b1', 'b2', 'none']))).toEqual([1, 2]);
  expect(await routes.shardsOf(store, batch(['b1', 'b2']))).toEqual([1, 2]);
  expect(store.asked).toBe(1);
  expect(routes.shardOf('t', 'b1')).toBe(1);
  expect(routes.shardOf('t', 'none')).toBeUndefined();
  expect(routes.shardOf('u', 'b1')).toBeUndefined();
});

it('keeps the routes of a batch until it is decided, also one that learns more than are kept', async () => {
  const routes = new Routes(4);
  for (let from = 0; from < 12; from++) {
    const asked = ids(from, from + 6);
    const shards = await routes.shardsOf(new Budgets(), batch(asked));
    expect(asked.map((id) => routes.shardOf('t', id))).toEqual(shards);
    expect(shards).toHaveLength(6);
  }
  await routes.shardsOf(new Budgets(), batch(['b99']));
  expect(routes.shardOf('t', 'b0')).toBeUndefined();
});
