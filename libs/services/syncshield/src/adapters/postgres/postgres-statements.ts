import type { Database } from '@kiki/postgres';
import {
  Statements,
  type CapPosition,
  type ExportOf,
  type ExportRow,
  type Statement,
  type StatementOf,
} from '../../application/money-out/statements.js';
import type { CapReport } from '../../application/ledger.js';
import { unknownBudget } from '../../domain/replay.js';
import { reportBudgets } from './budget-reports.js';
import { findBudget } from './budget-rows.js';
import { exportPages } from './export-rows.js';
import { TreeCache } from './shard-rows.js';
import { movementsSince, netMicros } from './statement-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Statements and exports from PostgreSQL. */
export class PostgresStatements extends Statements {
  private readonly parts: { readonly trees: TreeCache; readonly storeNow: string };

  constructor(
    private readonly database: Database,
    storeNow: string = STORE_NOW,
  ) {
    super();
    this.parts = { trees: new TreeCache(), storeNow };
  }

  /** What is spent now is counted; what it was before follows from what moved since. */
  override statement(of: StatementOf): Promise<Statement> {
    const { tenant, budgetId, timeZone } = of;
    return this.database.transaction(async (tx) => {
      const row = await findBudget(tx, tenant, budgetId);
      const [report] = row === undefined ? [] : await reportBudgets(tx, this.parts, tenant, [row]);
      if (row === undefined || report === undefined) throw unknownBudget(budgetId);
      const { days, afterMicros } = await movementsSince(tx, { ...of, budgetNo: row.budget_no });
      const closingMicros = report.spentMicros - afterMicros;
      const movedMicros = days.reduce((sum, day) => sum + netMicros(day), 0n);
      return {
        ...{ budgetId, currency: report.currency, timeZone, days, closingMicros },
        openingMicros: closingMicros - movedMicros,
        asOfMs: await storeNowMs(tx, this.parts.storeNow),
        ...{ spentMicros: report.spentMicros, heldMicros: report.heldMicros },
        caps: report.caps.filter(isMoney).map(positionOf),
      };
    }, SNAPSHOT);
  }

  override async export(of: ExportOf): Promise<AsyncIterable<readonly ExportRow[]>> {
    const row = await findBudget(this.database, of.tenant, of.budgetId);
    if (row === undefined) throw unknownBudget(of.budgetId);
    return exportPages(this.database, row.budget_no, of);
  }
}

function isMoney({ measure, kind }: CapReport): boolean {
  return measure === 'micros' && kind !== 'rate';
}

function positionOf({ id, limit, flexPercent, spent, held }: CapReport): CapPosition {
  const enforced = flexPercent === undefined ? limit : (limit * BigInt(flexPercent)) / 100n;
  const free = enforced - spent - held;
  return {
    ...{ capId: id, limitMicros: enforced, spentMicros: spent, heldMicros: held },
    ...{ freeMicros: free > 0n ? free : 0n, excessMicros: free < 0n ? -free : 0n },
  };
}
