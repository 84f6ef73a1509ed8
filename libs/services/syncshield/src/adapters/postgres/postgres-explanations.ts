import type { Database } from '@kiki/postgres';
import { ExplainHold, type CapTrace, type Explanation } from '../../application/explain-hold.js';
import type { Budgets, LedgerReader } from '../../application/ledger.js';
import type { Policies } from '../../application/policies.js';
import type { Budget } from '../../domain/budget.js';
import type { Hold } from '../../domain/hold.js';
import { traceHold } from '../../domain/policy/hold-trace.js';
import { readShards, TreeCache } from './shard-rows.js';

/** Explanations from stored decisions; what is counted now comes beside what was then. */
export class PostgresExplanations extends ExplainHold {
  private readonly trees = new TreeCache();

  constructor(
    private readonly database: Database,
    private readonly reader: LedgerReader,
    private readonly budgets: Budgets,
    private readonly policies: Policies,
  ) {
    super();
  }

  override async explain(tenant: string, id: string): Promise<Explanation> {
    const hold = await this.reader.hold(tenant, id);
    const path = await this.pathOf(hold);
    const { policyVersion } = hold;
    const traced =
      policyVersion === undefined
        ? []
        : traceHold(hold, (await this.policies.version(tenant, policyVersion)).policy, path);
    const rules = traced.map(({ rule, outcome, values }) => ({
      ...{ ruleId: rule.id, kind: rule.kind, outcome, values },
    }));
    return { hold, rules, caps: await this.capsOf(hold, path) };
  }

  private async pathOf({ shardNo, budgetNo, decidedMs }: Hold): Promise<readonly Budget[]> {
    const heads = await readShards(this.database, [shardNo]);
    const views = await this.trees.viewsOf(this.database, heads, decidedMs);
    return views.get(shardNo)?.tree.path(budgetNo) ?? [];
  }

  private async capsOf({ tenant, denial }: Hold, path: readonly Budget[]): Promise<CapTrace[]> {
    const reports = await Promise.all(path.map(({ id }) => this.budgets.get(tenant, id)));
    return reports.flatMap(({ id, caps }) =>
      caps.map((now) => ({
        ...{ budgetId: id, now },
        isDenier: denial?.budgetId === id && denial.capId === now.id,
      })),
    );
  }
}
