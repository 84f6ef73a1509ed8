import type { Database } from '@kiki/postgres';

/** What the root budgets of a currency spent and hold. */
export interface LedgerTotals {
  readonly currency: string;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
}

/** Sums over all root budgets, by currency; one row per root is read. */
export async function ledgerTotals(database: Database): Promise<LedgerTotals[]> {
  const rows = await database.query<{ currency: string; spent: string; held: string }>(
    `SELECT b.currency, sum(c.spent)::text AS spent, sum(c.held)::text AS held
       FROM budgets b
       JOIN caps m ON m.budget_no = b.budget_no AND m.is_meter
       JOIN cap_counters c ON c.tenant = m.tenant AND c.cap_no = m.cap_no AND c.slot = 0
      WHERE b.depth = 0 GROUP BY b.currency`,
  );
  return rows.map(({ currency, spent, held }) => ({
    currency,
    spentMicros: BigInt(spent),
    heldMicros: BigInt(held),
  }));
}
