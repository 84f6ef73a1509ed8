import { canonicalJson, kernelErrors, type Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import {
  Budgets,
  type BudgetInput,
  type BudgetReport,
  type Page,
  type PageRequest,
} from '../../application/ledger.js';
import type { Approval, ApprovalAction } from '../../domain/approval.js';
import { budgetChanged } from '../../domain/audit-record.js';
import { isCallers, MAX_DEPTH, withoutNo, type Budget } from '../../domain/budget.js';
import { capRecord, type CapInput } from '../../domain/caps.js';
import { loosenedCaps } from '../../domain/raise.js';
import { unknownBudget } from '../../domain/replay.js';
import type { NewEvent } from '../../domain/money-out/event.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import { guardChange } from './change-guard.js';
import { reportBudgets } from './budget-reports.js';
import { findBudget, insertBudget, insertCaps, listBudgets, rootShard } from './budget-rows.js';
import { replaceCapRows } from './cap-replacement.js';
import { forgetBreachMarks } from './budget-alerts.js';
import { appendEvents } from './event-rows.js';
import { untilKnown } from './settled-outcome.js';
import { lockShards, TreeCache, writeShards, type LockedShard } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** How the administration is run; everything has a default fit for production. */
export interface PostgresBudgetsOptions {
  /** @default 2000 */
  readonly lockTimeoutMs?: number;
  /** @default STORE_NOW */
  readonly storeNow?: string;
  /** Changes that need a second key. @default none */
  readonly fourEyes?: ReadonlySet<ApprovalAction>;
}

/** Which budget, and who changes it. */
export interface BudgetChange {
  readonly tenant: string;
  readonly id: string;
  readonly actor: string;
}

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** The budget tree in PostgreSQL; every change holds the lock of its shard, as decisions do. */
export class PostgresBudgets extends Budgets {
  readonly trees = new TreeCache();
  readonly storeNow: string;
  private readonly lockTimeoutMs: number;
  private readonly fourEyes: ReadonlySet<ApprovalAction>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    options: PostgresBudgetsOptions = {},
  ) {
    super();
    this.storeNow = options.storeNow ?? STORE_NOW;
    this.lockTimeoutMs = options.lockTimeoutMs ?? 2_000;
    this.fourEyes = options.fourEyes ?? new Set();
  }

  override async create(input: BudgetInput, actor: string): Promise<BudgetReport> {
    await this.change((tx) => this.createIn(tx, input, actor));
    return this.get(input.tenant, input.id);
  }

  override async get(tenant: string, id: string): Promise<BudgetReport> {
    const reports = await this.database.transaction(async (tx) => {
      const row = await findBudget(tx, tenant, id);
      return row === undefined ? [] : reportBudgets(tx, this, tenant, [row]);
    }, SNAPSHOT);
    const [report] = reports;
    if (report === undefined) throw unknownBudget(id);
    return report;
  }

  override async list(tenant: string, page: PageRequest): Promise<Page<BudgetReport>> {
    return this.database.transaction(async (tx) => {
      const rows = await listBudgets(tx, tenant, page.after ?? '', page.limit + 1);
      const shown = rows.slice(0, page.limit);
      const items = await reportBudgets(tx, this, tenant, shown);
      const last = shown.at(-1);
      return { items, ...(rows.length > page.limit && last ? { next: last.id } : {}) };
    }, SNAPSHOT);
  }

  override async setPaused(
    tenant: string,
    id: string,
    isPaused: boolean,
    actor: string,
  ): Promise<BudgetReport> {
    await this.change((tx) => this.setPausedIn(tx, { tenant, id, actor }, isPaused));
    return this.get(tenant, id);
  }

  override async replaceCaps(
    tenant: string,
    id: string,
    caps: readonly CapInput[],
    actor: string,
  ): Promise<BudgetReport> {
    await this.change((tx) => this.replaceCapsIn(tx, { tenant, id, actor }, caps));
    return this.get(tenant, id);
  }

  /** Pauses or resumes within a transaction that may do more, e.g. approve it. */
  async setPausedIn(
    tx: Queryable,
    { tenant, id, actor }: BudgetChange,
    isPaused: boolean,
    approval?: Approval,
  ): Promise<void> {
    const { shard, budget } = await this.lockBudget(tx, tenant, id);
    const { budgetNo, isPaused: wasPaused } = budget;
    // A breach of external spend may be open although nothing was paused.
    const closedBreaches = isPaused ? 0 : await closeBreaches(tx, budgetNo, shard.nowMs);
    if (wasPaused === isPaused && closedBreaches === 0) return;
    const change = { before: { isPaused: wasPaused }, after: { isPaused } };
    const effect = 'The budget would hold money again.';
    const guarded = { action: 'resume_budget' as const, target: id, ...change, effect };
    guardChange(this.fourEyes, { ...guarded, isLoosening: wasPaused && !isPaused }, approval);
    await tx.execute('UPDATE budgets SET is_paused = $2 WHERE budget_no = $1', [
      budgetNo,
      isPaused,
    ]);
    const facts = { budgetId: id, ...change, closedBreaches, approvalId: approval?.id };
    const action = isPaused ? 'budget.paused' : 'budget.resumed';
    if (!isPaused) await forgetBreachMarks(tx, tenant, budgetNo);
    await this.tell(tx, shard, { type: action, budgetId: id, data: { cause: 'request' } });
    await this.conclude(tx, shard, actor, action, facts);
  }

  /** Replaces caps within a transaction that may do more, e.g. approve it. */
  async replaceCapsIn(
    tx: Queryable,
    { tenant, id, actor }: BudgetChange,
    caps: readonly CapInput[],
    approval?: Approval,
  ): Promise<void> {
    const { shard, budget } = await this.lockBudget(tx, tenant, id);
    const before = { caps: budget.caps.filter(isCallers).map((cap) => capRecord(withoutNo(cap))) };
    const after = { caps: caps.map(capRecord) };
    if (canonicalJson(before) === canonicalJson(after)) return;
    const loosened = loosenedCaps(budget.caps, caps);
    const effect = `Limits would rise or be gone: ${loosened.join(', ')}.`;
    const guarded = { action: 'raise_limit' as const, target: id, before, after, effect };
    guardChange(this.fourEyes, { ...guarded, isLoosening: loosened.length > 0 }, approval);
    await replaceCapRows(tx, shard, budget, caps);
    const facts = { budgetId: id, before, after, approvalId: approval?.id };
    await this.tell(tx, shard, { type: 'budget.caps_replaced', budgetId: id, data: after });
    await this.conclude(tx, shard, actor, 'caps.replaced', facts);
  }

  private change<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const run = (): Promise<T> =>
      this.database.transaction(async (tx) => {
        await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [`${this.lockTimeoutMs}ms`]);
        return work(tx);
      });
    return untilKnown(run, { clock: this.clock, unknownForMs: 5_000 });
  }

  /** Creates a budget within a transaction that may do more, e.g. approve it. */
  async createIn(
    tx: Queryable,
    input: BudgetInput,
    actor: string,
    approval?: Approval,
  ): Promise<void> {
    const { tenant, id, parentId, name, currency, caps, pausesOnExternal = false } = input;
    const asked = {
      ...{ name, currency, caps: caps.map(capRecord) },
      ...(pausesOnExternal ? { pausesOnExternal } : {}),
    };
    const creation = canonicalJson({ parentId, ...asked });
    const parent = parentId === undefined ? undefined : await findBudget(tx, tenant, parentId);
    if (parentId !== undefined && (parent === undefined || parentId === id)) {
      throw noParent(`There is no budget "${parentId}".`);
    }
    const known = await findBudget(tx, tenant, id);
    if (known !== undefined) return sameOrThrow(id, known.creation, creation);
    // A root is money that nothing above it limits.
    const guarded = { action: 'create_budget' as const, target: id, before: null, after: input };
    const effect = 'A root budget would be created.';
    const isLoosening = parentId === undefined;
    guardChange(this.fourEyes, { ...guarded, effect, isLoosening }, approval);
    const shardNo = parent?.shard_no ?? (await rootShard(tx, tenant, id));
    const shard = await this.lock(tx, shardNo);
    const since = await findBudget(tx, tenant, id);
    if (since !== undefined) return sameOrThrow(id, since.creation, creation);
    if (parent !== undefined && parent.currency !== currency) {
      throw noParent(`"${parentId}" is in ${parent.currency}.`);
    }
    const depth = parent === undefined ? 0 : parent.depth + 1;
    if (depth >= MAX_DEPTH)
      throw noParent(`"${parentId}" is ${MAX_DEPTH - 1} levels deep already.`);
    const budgetNo = await insertBudget(tx, {
      ...{ tenant, id, shardNo, depth, name, currency, creation, pausesOnExternal },
      parentNo: parent?.budget_no ?? null,
      createdMs: shard.nowMs,
    });
    await insertCaps(tx, tenant, budgetNo, caps);
    const facts = { budgetId: id, after: { parentId: parentId ?? null, ...asked } };
    const by = { approvalId: approval?.id };
    await this.conclude(tx, shard, actor, 'budget.created', { ...facts, ...by });
  }

  private async lockBudget(
    tx: Queryable,
    tenant: string,
    id: string,
  ): Promise<{ shard: LockedShard; budget: Budget }> {
    const row = await findBudget(tx, tenant, id);
    if (row === undefined) throw unknownBudget(id);
    const shard = await this.lock(tx, row.shard_no);
    const budget = shard.tree.get(row.budget_no);
    if (budget === undefined) throw unknownBudget(id);
    return { shard, budget };
  }

  private async lock(tx: Queryable, shardNo: number): Promise<LockedShard> {
    const heads = await lockShards(tx, [shardNo]);
    const shards = await this.trees.viewsOf(tx, heads, await storeNowMs(tx, this.storeNow));
    const shard = shards.get(shardNo);
    if (shard === undefined) throw kernelErrors.internal('A budget has no shard.');
    return shard;
  }

  private async tell(
    tx: Queryable,
    { tenant, nowMs }: LockedShard,
    event: Omit<NewEvent, 'tenant' | 'atMs'>,
  ): Promise<void> {
    await appendEvents(tx, [{ tenant, atMs: nowMs, ...event }]);
  }

  private async conclude(
    tx: Queryable,
    shard: LockedShard,
    actor: string,
    action: Parameters<typeof budgetChanged>[1],
    facts: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await writeShards(tx, [{ ...shard, isTreeChanged: true }]);
    const change = { tenant: shard.tenant, actor, atMs: shard.nowMs };
    await appendAudit(tx, [budgetChanged(change, action, facts)]);
  }
}

async function closeBreaches(tx: Queryable, budgetNo: bigint, nowMs: number): Promise<number> {
  return tx.execute(
    'UPDATE breaches SET closed_ms = $2 WHERE budget_no = $1 AND closed_ms IS NULL',
    [budgetNo, nowMs],
  );
}

function sameOrThrow(id: string, before: string, now: string): void {
  if (before === now) return;
  throw kernelErrors.idempotency_conflict(`Budget "${id}" was created before with another body.`, {
    fields: [{ field: 'id', expected: 'the first body of this id, or a new id' }],
  });
}

function noParent(message: string): Error {
  return errors.budget_parent_invalid(message, {
    fields: [{ field: 'parentId', expected: 'an existing budget of the same currency' }],
  });
}
