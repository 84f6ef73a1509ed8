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
  /** By tenant, then by budget: found without making a key. */
  private readonly tenants = new Map<string, Map<string, number>>();
  private size = 0;

  constructor(private readonly maxRoutes = MAX_ROUTES) {}

  /** The shards of everything the commands name, ascending. */
  async shardsOf(tx: Queryable, commands: readonly LedgerCommand[]): Promise<number[]> {
    // Before the batch, whose own routes have to be there until it is decided.
    if (this.size > this.maxRoutes) this.forget();
    const shards = new Set<number>();
    const unknown = new Map<string, Named>();
    const holds = new Map<string, Named>();
    for (const { kind, request } of commands) {
      const { tenant } = request;
      if (kind === 'settle') {
        holds.set(keyOf(tenant, request.holdId), [tenant, request.holdId]);
        continue;
      }
      const shardNo = this.shardOf(tenant, request.budgetId);
      if (shardNo !== undefined) shards.add(shardNo);
      else unknown.set(keyOf(tenant, request.budgetId), [tenant, request.budgetId]);
    }
    for (const row of await find(tx, BUDGETS, 'shield-route-budgets', [...unknown.values()])) {
      this.learn(row);
      shards.add(row.shard_no);
    }
    for (const row of await find(tx, HOLDS, 'shield-route-holds', [...holds.values()])) {
      shards.add(row.shard_no);
    }
    return [...shards].sort((a, b) => a - b);
  }

  /** The shard of a budget, once `shardsOf` was asked about it. */
  shardOf(tenant: string, budgetId: string): number | undefined {
    return this.tenants.get(tenant)?.get(budgetId);
  }

  private learn({ tenant, id, shard_no: shardNo }: RouteRow): void {
    const known = this.tenants.get(tenant) ?? new Map<string, number>();
    this.tenants.set(tenant, known.set(id, shardNo));
    this.size++;
  }

  private forget(): void {
    this.tenants.clear();
    this.size = 0;
  }
}

/** A budget or a hold. */
type Named = readonly [tenant: string, id: string];

async function find(
  tx: Queryable,
  sql: string,
  name: string,
  keys: readonly Named[],
): Promise<RouteRow[]> {
  if (keys.length === 0) return [];
  return tx.query<RouteRow>(sql, [keys.map(([tenant]) => tenant), keys.map(([, id]) => id)], {
    name,
  });
}
