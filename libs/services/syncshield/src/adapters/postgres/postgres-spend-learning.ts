import type { Queryable, Row } from '@kiki/postgres';
import { SpendLearning } from '../../application/spend-learning.js';
import { policyFromText, type Policy, type Rule } from '../../domain/policy/rule.js';
import { HOUR_MS, learnProfile } from '../../domain/policy/spend-profile.js';
import { velocityBuckets } from '../../domain/policy/spend-velocity.js';
import type { ControlChanges } from './control-change.js';
import { writeProfile } from './profile-rows.js';
import { budgetsToRead, hoursBelow, readHolds } from './spend-hour-rows.js';
import { storeNowMs } from './store-time.js';

interface PolicyRow extends Row {
  tenant: string;
  document: string;
}

/** Bounds of one pass. */
const BUDGETS_PER_PASS = 100;
const HOLDS_PER_BUDGET = 20_000;
const PROFILES_PER_PASS = 200;
/** The longest window of `max_cac`, and one day. */
const METER_HOURS = 91 * 24;

const TRY_LOCK = `
  SELECT pg_try_advisory_xact_lock(hashtextextended('kiki:shield:learn:' || $1, 0)) AS is_mine`;

/** What rules learn, read from the ledger by one process at a time per tenant. */
export class PostgresSpendLearning extends SpendLearning {
  constructor(private readonly changes: ControlChanges) {
    super();
  }

  override async learn(): Promise<boolean> {
    const rows = await this.changes.database.query<PolicyRow>(
      `SELECT c.tenant, p.document FROM tenant_controls c
         JOIN policies p ON p.tenant = c.tenant AND p.version = c.policy_version`,
    );
    let hasMore = false;
    for (const { tenant, document } of rows) {
      const policy = policyFromText(document);
      if (has(policy, 'max_cac')) await this.ofTenant(tenant, readMeters);
      if (!has(policy, 'spend_velocity')) continue;
      const isBehind = await this.ofTenant(tenant, readSpending);
      hasMore ||= isBehind;
      if (!isBehind) await this.ofTenant(tenant, (tx, of, nowMs) => learnFrom(tx, of, nowMs));
      await this.ofTenant(tenant, (tx, of, nowMs) => dropBuckets(tx, of, policy, nowMs));
    }
    return hasMore;
  }

  /** False without doing anything while another process learns for the tenant. */
  private ofTenant(
    tenant: string,
    work: (tx: Queryable, tenant: string, nowMs: number) => Promise<boolean>,
  ): Promise<boolean> {
    return this.changes.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ is_mine: boolean }>(TRY_LOCK, [tenant]);
      if (lock?.is_mine !== true) return false;
      return work(tx, tenant, await storeNowMs(tx, this.changes.storeNow));
    });
  }
}

function has({ rules }: Policy, kind: Rule['kind']): boolean {
  return rules.some((rule) => rule.kind === kind);
}

/** Adds holds to hours; true when more are left. */
async function readSpending(tx: Queryable, tenant: string, nowMs: number): Promise<boolean> {
  const budgetNos = await budgetsToRead(tx, tenant, BUDGETS_PER_PASS);
  for (const budgetNo of budgetNos) {
    await readHolds(tx, { tenant, budgetNo, nowMs }, HOLDS_PER_BUDGET);
  }
  return budgetNos.length > 0 && (await budgetsToRead(tx, tenant, 1)).length > 0;
}

/** Learns profiles anew once an hour, from whole hours only. */
async function learnFrom(tx: Queryable, tenant: string, nowMs: number): Promise<boolean> {
  const thisHour = Math.floor(nowMs / HOUR_MS);
  const due = await tx.query<{ budget_no: bigint }>(
    `SELECT b.budget_no FROM budgets b
       LEFT JOIN spend_profiles p ON p.tenant = b.tenant AND p.budget_no = b.budget_no
      WHERE b.tenant = $1 AND coalesce(p.learned_ms, -1) < $2
        AND EXISTS (SELECT 1 FROM spend_hours h WHERE h.tenant = $1)
      ORDER BY p.learned_ms NULLS FIRST LIMIT $3`,
    [tenant, thisHour * HOUR_MS, PROFILES_PER_PASS],
  );
  for (const { budget_no: budgetNo } of due) {
    const profile = learnProfile(await hoursBelow(tx, tenant, budgetNo), thisHour);
    if (profile !== undefined) await writeProfile(tx, tenant, budgetNo, profile, nowMs);
  }
  return due.length === PROFILES_PER_PASS;
}

/** Looks at every meter once an hour. */
async function readMeters(tx: Queryable, tenant: string, nowMs: number): Promise<boolean> {
  const hour = Math.floor(nowMs / HOUR_MS);
  await tx.execute(
    `INSERT INTO meter_hours (tenant, budget_no, hour, spent_micros)
     SELECT $1, p.budget_no, $2, coalesce(c.spent, 0) FROM caps p
       LEFT JOIN cap_counters c ON c.tenant = $1 AND c.cap_no = p.cap_no AND c.slot = 0
      WHERE p.tenant = $1 AND p.is_meter
     ON CONFLICT DO NOTHING`,
    [tenant, hour],
  );
  for (const table of ['meter_hours', 'acquisition_hours']) {
    const values = [tenant, hour - METER_HOURS];
    await tx.execute(`DELETE FROM ${table} WHERE tenant = $1 AND hour < $2`, values);
  }
  return false;
}

/** Drops what no window counts any more. */
async function dropBuckets(
  tx: Queryable,
  tenant: string,
  { rules }: Policy,
  nowMs: number,
): Promise<boolean> {
  for (const rule of rules) {
    if (rule.kind !== 'spend_velocity') continue;
    const { first } = velocityBuckets(rule.windowMs, nowMs);
    await tx.execute(
      `DELETE FROM policy_counters
        WHERE tenant = $1 AND rule_id = $2 AND starts_with(counted, 'b') AND bucket < $3`,
      [tenant, rule.id, first - 1],
    );
  }
  return false;
}
