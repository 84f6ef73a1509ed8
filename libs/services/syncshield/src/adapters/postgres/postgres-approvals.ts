import { DomainError } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import { Approvals, type ApprovedChange } from '../../application/approvals.js';
import type { Page, PageRequest } from '../../application/ledger.js';
import type { Approval, ApprovalRequest, ApprovalState } from '../../domain/approval.js';
import type { AuditRecord } from '../../domain/audit-record.js';
import { controlChanged, type ControlAction } from '../../domain/control-record.js';
import { errors } from '../../errors.js';
import {
  approvalsBelow,
  closeApproval,
  dueApprovals,
  findApproval,
  findSameApproval,
  insertApproval,
} from './approval-rows.js';
import { appendAudit } from './audit-rows.js';
import type { ControlChanges } from './control-change.js';
import { storeNowMs } from './store-time.js';

const EXPIRES_PER_PASS = 100;
const SYSTEM = 'syncshield';

/** Approvals in PostgreSQL: deciding one and applying it is one transaction. */
export class PostgresApprovals extends Approvals {
  private readonly executors: ReadonlyMap<string, ApprovedChange>;

  /** @param ttlMs how long a change waits for its second key */
  constructor(
    private readonly changes: ControlChanges,
    executors: readonly ApprovedChange[],
    private readonly ttlMs: number,
  ) {
    super();
    this.executors = new Map(executors.map((executor) => [executor.action, executor]));
  }

  override request(request: ApprovalRequest): Promise<Approval> {
    return this.changes.run(async (tx) => {
      const nowMs = await this.now(tx);
      const same = await findSameApproval(tx, request);
      if (same !== undefined && same.expiresMs > nowMs) return same;
      if (same !== undefined) await appendAudit(tx, [await expireOne(tx, same, nowMs)]);
      const approval = await insertApproval(tx, request, { nowMs, expiresMs: nowMs + this.ttlMs });
      const facts = {
        before: JSON.parse(request.before) as unknown,
        after: JSON.parse(request.after) as unknown,
      };
      await record(tx, approval, 'approval.requested', { actor: request.actor, nowMs }, facts);
      return approval;
    });
  }

  override async get(tenant: string, id: string): Promise<Approval> {
    const approval = await findApproval(this.changes.database, tenant, id);
    if (approval === undefined) throw errors.approval_not_found();
    return approval;
  }

  override async list(
    tenant: string,
    { state }: { readonly state?: ApprovalState | undefined },
    { limit, after }: PageRequest,
  ): Promise<Page<Approval>> {
    const page = { limit: limit + 1, after };
    const approvals = await approvalsBelow(this.changes.database, tenant, state, page);
    const items = approvals.slice(0, limit);
    const last = items.at(-1);
    return { items, ...(approvals.length > limit && last ? { next: last.id } : {}) };
  }

  override async approve(
    tenant: string,
    id: string,
    actor: string,
    reason?: string,
  ): Promise<Approval> {
    try {
      return await this.changes.run((tx) => this.approveIn(tx, tenant, id, actor, reason));
    } catch (error) {
      if (DomainError.is(error) && error.code === 'approval_outdated') {
        await this.close(tenant, id, 'outdated', SYSTEM);
      }
      throw error;
    }
  }

  override async reject(
    tenant: string,
    id: string,
    actor: string,
    reason?: string,
  ): Promise<Approval> {
    const approval = await this.close(tenant, id, 'rejected', actor, reason);
    if (approval.state === 'rejected' && approval.decidedBy === actor) return approval;
    throw closed(approval);
  }

  override expireDue(): Promise<number> {
    return this.changes.run(async (tx) => {
      const nowMs = await this.now(tx);
      const due = await dueApprovals(tx, nowMs, EXPIRES_PER_PASS);
      const leaves: AuditRecord[] = [];
      for (const approval of due) leaves.push(await expireOne(tx, approval, nowMs));
      // All at once: the heads of several tenants' logs are locked in one order only.
      await appendAudit(tx, leaves);
      return due.length;
    });
  }

  private async approveIn(
    tx: Queryable,
    tenant: string,
    id: string,
    actor: string,
    reason: string | undefined,
  ): Promise<Approval> {
    const approval = await findApproval(tx, tenant, id, 'FOR UPDATE');
    if (approval === undefined) throw errors.approval_not_found();
    if (approval.state === 'approved' && approval.decidedBy === actor) return approval;
    const nowMs = await this.now(tx);
    if (approval.state !== 'pending' || approval.expiresMs <= nowMs) throw closed(approval);
    if (approval.requestedBy === actor) throw errors.approval_by_requester();
    const executor = this.executors.get(approval.action);
    if (executor === undefined) throw errors.approval_closed(`Nobody applies ${approval.action}.`);
    await executor.apply(tx, approval, actor);
    const decided = await closeApproval(tx, approval, {
      ...{ state: 'approved', by: actor, nowMs },
      ...(reason === undefined ? {} : { reason }),
    });
    await record(tx, decided, 'approval.approved', { actor, nowMs }, states('approved', reason));
    return decided;
  }

  /** Closes one that is pending; one that is closed comes back as it is. */
  private close(
    tenant: string,
    id: string,
    state: 'rejected' | 'outdated',
    actor: string,
    reason?: string,
  ): Promise<Approval> {
    return this.changes.run(async (tx) => {
      const approval = await findApproval(tx, tenant, id, 'FOR UPDATE');
      if (approval === undefined) throw errors.approval_not_found();
      const nowMs = await this.now(tx);
      if (approval.state !== 'pending') return approval;
      if (approval.expiresMs <= nowMs) {
        await appendAudit(tx, [await expireOne(tx, approval, nowMs)]);
        return { ...approval, state: 'expired', decidedMs: nowMs };
      }
      const to = { state, by: actor, nowMs, ...(reason === undefined ? {} : { reason }) };
      const decided = await closeApproval(tx, approval, to);
      await record(tx, decided, `approval.${state}`, { actor, nowMs }, states(state, reason));
      return decided;
    });
  }

  private now(tx: Queryable): Promise<number> {
    return storeNowMs(tx, this.changes.storeNow);
  }
}

function states(state: ApprovalState, reason: string | undefined): Record<string, unknown> {
  return {
    ...{ before: { state: 'pending' }, after: { state } },
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Closes one that nobody decided in time; its leaf is still to be appended. */
async function expireOne(tx: Queryable, approval: Approval, nowMs: number): Promise<AuditRecord> {
  const expired = await closeApproval(tx, approval, { state: 'expired', nowMs });
  const by = { actor: SYSTEM, nowMs };
  return leafOf(expired, 'approval.expired', by, states('expired', undefined));
}

async function record(
  tx: Queryable,
  ...[approval, leaf, by, facts]: Parameters<typeof leafOf>
): Promise<void> {
  await appendAudit(tx, [leafOf(approval, leaf, by, facts)]);
}

function leafOf(
  { tenant, id, action, target, requestedBy }: Approval,
  leaf: ControlAction,
  by: { readonly actor: string; readonly nowMs: number },
  facts: Readonly<Record<string, unknown>>,
): AuditRecord {
  const change = { tenant, actor: by.actor, atMs: by.nowMs };
  const of = { approvalId: id, change: action, target, requestedBy };
  return controlChanged(change, leaf, { ...of, ...facts });
}

function closed({ state }: Approval): DomainError {
  return errors.approval_closed(
    state === 'pending' ? 'The approval has expired.' : `The approval is ${state}.`,
  );
}
