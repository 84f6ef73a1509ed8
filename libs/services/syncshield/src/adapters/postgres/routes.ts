import type { Queryable, Row } from '@kiki/postgres';
import type { LedgerCommand } from '../../application/ledger.js';
import { keyOf } from '../../domain/hold.js';

interface RouteRow extends Row {
  tenant: string;
  id: string;
  shard_no: number;
}

const BUDGETS = `
  SELECT b.tenant, b.id, b.shard_no FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
    JOIN budgets b ON b.tenant = k.tenant AND b.id = k.id`;
const HOLDS = `
  SELECT h.tenant, h.id, h.shard_no FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
    JOIN holds h ON h.tenant = k.tenant AND h.id = k.id`;

/** Most budgets whose shard a process remembers. */
const MAX_ROUTES = 100_000;

/**
 * Which shards a batch has to lock. A budget and a hold never change their shard, so a route may
 * be remembered for ever.
 */
export class Routes {
  private readonly budgets = new Map<string, number>();

  /** The shards of everything the commands name, ascending. */
  async shardsOf(tx: Queryable, commands: readonly LedgerCommand[]): Promise<number[]> {
    const budgets = new Map<string, readonly [tenant: string, id: string]>();
    const holds = new Map<string, readonly [tenant: string, id: string]>();
    for (const { kind, request } of commands) {
      const { tenant } = request;
      if (kind !== 'settle') {
        budgets.set(keyOf(tenant, request.budgetId), [tenant, request.budgetId]);
      } else holds.set(keyOf(tenant, request.holdId), [tenant, request.holdId]);
    }
    await this.learn(tx, budgets);
    const shards = new Set<number>();
    for (const key of budgets.keys()) {
      const shardNo = this.budgets.get(key);
      if (shardNo !== undefined) shards.add(shardNo);
    }
    for (const row of await find(tx, HOLDS, 'shield-route-holds', [...holds.values()])) {
      shards.add(row.shard_no);
    }
    return [...shards].sort((a, b) => a - b);
  }

  /** The shard of a budget, once `shardsOf` was asked about it. */
  shardOf(tenant: string, budgetId: string): number | undefined {
    return this.budgets.get(keyOf(tenant, budgetId));
  }

  private async learn(
    tx: Queryable,
    budgets: ReadonlyMap<string, readonly [string, string]>,
  ): Promise<void> {
    if (this.budgets.size > MAX_ROUTES) this.budgets.clear();
    const unknown = [...budgets].filter(([key]) => !this.budgets.has(key)).map(([, ids]) => ids);
    for (const row of await find(tx, BUDGETS, 'shield-route-budgets', unknown)) {
      this.budgets.set(keyOf(row.tenant, row.id), row.shard_no);
    }
  }
}

async function find(
  tx: Queryable,
  sql: string,
  name: string,
  keys: readonly (readonly [tenant: string, id: string])[],
): Promise<RouteRow[]> {
  if (keys.length === 0) return [];
  return tx.query<RouteRow>(sql, [keys.map(([tenant]) => tenant), keys.map(([, id]) => id)], {
    name,
  });
}
