import type { Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { PrivacyRequests } from '../../application/privacy/privacy-requests.js';
import { Retention } from '../../application/privacy/retention.js';
import {
  cutoffMs,
  RETENTION_DEFAULTS,
  type RetentionCategory,
  type RetentionResult,
  type RetentionRule,
} from '../../domain/privacy/retention.js';
import { appendOne } from './audited.js';
import { RETENTION_STATEMENTS } from './retention-statements.js';

interface RuleRow extends Record<string, unknown> {
  readonly category: RetentionCategory;
  readonly keep_days: number;
  readonly changed_by: string;
  readonly changed_ms: bigint;
}

/** Retention in the service's own schema. */
export class PostgresRetention extends Retention {
  constructor(
    private readonly database: Database,
    private readonly requests: PrivacyRequests,
    private readonly clock: Clock,
    /** How long exports are kept unless a tenant says otherwise. */
    private readonly exportDays: number,
  ) {
    super();
  }

  override rules(tenant: string): Promise<RetentionRule[]> {
    return this.rulesIn(this.database, tenant);
  }

  override setRule(
    tenant: string,
    { category, keepDays }: { readonly category: RetentionCategory; readonly keepDays: number },
    actor: string,
  ): Promise<RetentionRule[]> {
    const atMs = Math.floor(this.clock.nowMs());
    return this.database.transaction(async (tx) => {
      const before = (await this.rulesIn(tx, tenant)).find((rule) => rule.category === category);
      await tx.execute(
        `INSERT INTO retention_rules (tenant, category, keep_days, changed_by, changed_ms)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, category) DO UPDATE
            SET keep_days = excluded.keep_days, changed_by = excluded.changed_by,
                changed_ms = excluded.changed_ms`,
        [tenant, category, keepDays, actor, atMs],
      );
      const facts = {
        ...{ category, before: { keepDays: before?.keepDays }, after: { keepDays } },
      };
      await appendOne(tx, { tenant, actor, atMs, action: 'retention.changed', facts });
      return this.rulesIn(tx, tenant);
    });
  }

  override async sweep(
    tenant: string,
    { isDryRun, actor }: { readonly isDryRun: boolean; readonly actor: string },
  ): Promise<RetentionResult[]> {
    const isHeld = await this.hasLegalHold(tenant);
    const results: RetentionResult[] = [];
    for (const rule of await this.rules(tenant)) {
      const { category, keepDays } = rule;
      const before = cutoffMs(keepDays, this.clock.nowMs());
      const isStopped = isHeld && rule.isStoppedByLegalHold;
      const rows =
        isDryRun || isStopped
          ? await this.count(tenant, category, before)
          : await this.sweepOne(tenant, category, before);
      const result = { category, keepDays, cutoffMs: before, rows, isHeld: isStopped };
      if (!isDryRun && !isStopped && rows > 0) await this.record(tenant, actor, result);
      results.push(result);
    }
    return results;
  }

  override async tenants(): Promise<string[]> {
    const rows = await this.database.query<{ tenant: string }>(
      'SELECT tenant FROM audit_heads ORDER BY tenant',
    );
    return rows.map(({ tenant }) => tenant);
  }

  private async rulesIn(from: Queryable, tenant: string): Promise<RetentionRule[]> {
    const rows = await from.query<RuleRow>(
      'SELECT category, keep_days, changed_by, changed_ms FROM retention_rules WHERE tenant = $1',
      [tenant],
    );
    return RETENTION_DEFAULTS.map((rule) => {
      const own = rows.find(({ category }) => category === rule.category);
      if (own !== undefined) {
        const changed = { changedBy: own.changed_by, changedMs: Number(own.changed_ms) };
        return { ...rule, keepDays: own.keep_days, ...changed };
      }
      return rule.category === 'privacy_exports' ? { ...rule, keepDays: this.exportDays } : rule;
    });
  }

  private async hasLegalHold(tenant: string): Promise<boolean> {
    const [row] = await this.database.query(
      'SELECT FROM legal_holds WHERE tenant = $1 AND released_ms IS NULL LIMIT 1',
      [tenant],
    );
    return row !== undefined;
  }

  private async count(
    tenant: string,
    category: RetentionCategory,
    before: number,
  ): Promise<number> {
    const { count } = RETENTION_STATEMENTS[category];
    const [row] = await this.database.query<{ rows: bigint }>(count, [tenant, before]);
    return Number(row?.rows ?? 0n);
  }

  private async sweepOne(
    tenant: string,
    category: RetentionCategory,
    before: number,
  ): Promise<number> {
    if (category === 'privacy_exports') return this.requests.dropExports(tenant, before);
    const { sweep } = RETENTION_STATEMENTS[category];
    for (let rows = 0; ;) {
      const swept = await this.database.execute(sweep, [tenant, before]);
      if (swept === 0) return rows;
      rows += swept;
    }
  }

  private record(tenant: string, actor: string, result: RetentionResult): Promise<bigint> {
    const atMs = Math.floor(this.clock.nowMs());
    const { category, keepDays, rows } = result;
    return this.database.transaction(async (tx) => {
      await tx.execute(
        `INSERT INTO retention_runs (tenant, category, keep_days, cutoff_ms, rows, ran_ms)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [tenant, category, keepDays, result.cutoffMs, rows, atMs],
      );
      const facts = { category, keepDays, cutoffMs: result.cutoffMs, rows };
      return appendOne(tx, { tenant, actor, atMs, action: 'retention.swept', facts });
    });
  }
}
