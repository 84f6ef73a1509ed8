import type { Queryable, Row } from '@kiki/postgres';
import type { Page, PageRequest } from '../../application/ledger.js';
import { KillSwitches, type KillSwitch } from '../../application/policies.js';
import type { Approval } from '../../domain/approval.js';
import { controlChanged } from '../../domain/control-record.js';
import type { NewEvent } from '../../domain/money-out/event.js';
import { unknownBudget } from '../../domain/replay.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import { guardChange } from './change-guard.js';
import type { ControlChanges } from './control-change.js';
import { bumpControls } from './controls.js';
import { appendEvents } from './event-rows.js';
import { missingBudgets } from './policy-rows.js';

interface SwitchRow extends Row {
  switch_no: bigint;
  budget_id: string | null;
  reason: string;
  set_by: string;
  set_ms: bigint;
  lift_reason: string | null;
  lifted_by: string | null;
  lifted_ms: bigint | null;
}

type SetChange = Parameters<KillSwitches['set']>[0];
type LiftChange = Parameters<KillSwitches['lift']>[0];

const COLUMNS = 'switch_no, budget_id, reason, set_by, set_ms, lift_reason, lifted_by, lifted_ms';
const MAX_NO = 2n ** 62n;

/** Kill switches in PostgreSQL. */
export class PostgresKillSwitches extends KillSwitches {
  constructor(private readonly changes: ControlChanges) {
    super();
  }

  override set(change: SetChange): Promise<KillSwitch> {
    return this.changes.run((tx) => this.setIn(tx, change));
  }

  override lift(change: LiftChange): Promise<KillSwitch> {
    return this.changes.run((tx) => this.liftIn(tx, change));
  }

  override async list(
    tenant: string,
    { isActive }: { readonly isActive?: boolean | undefined },
    page: PageRequest,
  ): Promise<Page<KillSwitch>> {
    const below = page.after === undefined ? MAX_NO : BigInt(page.after);
    const rows = await this.changes.database.query<SwitchRow>(
      `SELECT ${COLUMNS} FROM kill_switches
        WHERE tenant = $1 AND switch_no < $2 AND ($3::boolean IS NULL OR $3 = (lifted_ms IS NULL))
        ORDER BY switch_no DESC LIMIT $4`,
      [tenant, below, isActive ?? null, page.limit + 1],
    );
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const hasMore = rows.length > page.limit && last !== undefined;
    return { items: shown.map(toSwitch), ...(hasMore ? { next: last.switch_no.toString() } : {}) };
  }

  /** Lifts a switch within a transaction that may do more, e.g. approve it. */
  async liftIn(tx: Queryable, change: LiftChange, approval?: Approval): Promise<KillSwitch> {
    const { tenant, actor, id, reason } = change;
    const nowMs = await this.changes.alone(tx, tenant);
    const row = await findSwitch(tx, tenant, id);
    if (row === undefined) throw errors.kill_switch_not_found();
    if (row.lifted_ms !== null) return toSwitch(row);
    const guarded = {
      ...{ action: 'lift_kill_switch' as const, target: id, isLoosening: true },
      ...{ before: { isActive: true }, after: { isActive: false, reason } },
      effect: 'Holds that are stopped now would pass again.',
    };
    guardChange(this.changes.fourEyes, guarded, approval);
    await tx.execute(
      `UPDATE kill_switches SET lift_reason = $3, lifted_by = $4, lifted_ms = $5
        WHERE tenant = $1 AND switch_no = $2`,
      [tenant, row.switch_no, reason, actor, nowMs],
    );
    await bumpControls(tx, tenant);
    const facts = { killSwitchId: id, budgetId: row.budget_id, reason, approvalId: approval?.id };
    await appendEvents(tx, [switchEvent('kill_switch.lifted', change.tenant, row, reason, nowMs)]);
    await appendAudit(tx, [
      controlChanged({ tenant, actor, atMs: nowMs }, 'kill_switch.lifted', {
        ...{ ...facts, before: { isActive: true }, after: { isActive: false } },
      }),
    ]);
    return toSwitch({
      ...row,
      ...{ lift_reason: reason, lifted_by: actor, lifted_ms: BigInt(nowMs) },
    });
  }

  private async setIn(tx: Queryable, change: SetChange): Promise<KillSwitch> {
    const { tenant, actor, budgetId, reason } = change;
    const nowMs = await this.changes.alone(tx, tenant);
    if (budgetId !== undefined && (await missingBudgets(tx, tenant, [budgetId])).length > 0) {
      throw unknownBudget(budgetId);
    }
    const [known] = await tx.query<SwitchRow>(
      `SELECT ${COLUMNS} FROM kill_switches
        WHERE tenant = $1 AND coalesce(budget_id, '') = $2 AND lifted_ms IS NULL`,
      [tenant, budgetId ?? ''],
    );
    if (known !== undefined) return toSwitch(known);
    const [row] = await tx.query<SwitchRow>(
      `INSERT INTO kill_switches (tenant, budget_id, reason, set_by, set_ms)
       VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
      [tenant, budgetId ?? null, reason, actor, nowMs],
    );
    if (row === undefined) throw errors.kill_switch_not_found();
    await bumpControls(tx, tenant);
    const facts = { killSwitchId: row.switch_no.toString(), budgetId: budgetId ?? null, reason };
    await appendEvents(tx, [switchEvent('kill_switch.set', tenant, row, reason, nowMs)]);
    await appendAudit(tx, [
      controlChanged({ tenant, actor, atMs: nowMs }, 'kill_switch.set', {
        ...{ ...facts, before: { isActive: false }, after: { isActive: true } },
      }),
    ]);
    return toSwitch(row);
  }
}

function switchEvent(
  type: 'kill_switch.set' | 'kill_switch.lifted',
  ...[tenant, row, reason, atMs]: [string, SwitchRow, string, number]
): NewEvent {
  const { switch_no: id, budget_id: budgetId } = row;
  const about = budgetId === null ? {} : { budgetId };
  return { tenant, type, ...about, atMs, data: { killSwitchId: id.toString(), reason } };
}

async function findSwitch(
  tx: Queryable,
  tenant: string,
  id: string,
): Promise<SwitchRow | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const [row] = await tx.query<SwitchRow>(
    `SELECT ${COLUMNS} FROM kill_switches WHERE tenant = $1 AND switch_no = $2`,
    [tenant, BigInt(id)],
  );
  return row;
}

function toSwitch(row: SwitchRow): KillSwitch {
  return {
    id: row.switch_no.toString(),
    ...(row.budget_id === null ? {} : { budgetId: row.budget_id }),
    ...{ reason: row.reason, setBy: row.set_by, setMs: Number(row.set_ms) },
    ...(row.lift_reason === null ? {} : { liftReason: row.lift_reason }),
    ...(row.lifted_by === null ? {} : { liftedBy: row.lifted_by }),
    ...(row.lifted_ms === null ? {} : { liftedMs: Number(row.lifted_ms) }),
  };
}
