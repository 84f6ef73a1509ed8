import { answerOf, createApi } from '@kiki/api-client';
import { DomainError } from '@kiki/kernel';
import type { paths } from './generated/openapi.js';
import type { SyncShieldClientOptions } from './syncshield-client.js';

type Body<P extends keyof paths, M extends 'post' | 'put'> = paths[P][M] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : never;
type Answer<
  P extends keyof paths,
  M extends 'get' | 'post' | 'put',
  S extends number = 200,
> = paths[P][M] extends {
  responses: { [K in S]: { content: { 'application/json': infer A } } };
}
  ? A
  : never;

/** A policy as it is put into force; amounts are JSON integers of micros, as on the wire. */
export type PolicyInput = Body<'/v1/policy', 'put'>['policy'];
/** A version of a policy. */
export type PolicyVersion = Answer<'/v1/policy', 'get'>;
/** What a policy would have done. */
export type PolicyDryRun = Answer<'/v1/policy/dry-run', 'post'>;
/** A kill switch. */
export type KillSwitch = Answer<'/v1/kill-switch', 'post'>;
/** A change that waits, or waited, for a second key. */
export type Approval = Answer<'/v1/approvals/{id}', 'get'>;
/** Why a hold was decided so. */
export type HoldExplanation = Answer<'/v1/holds/{id}/why', 'get'>;
/** Acquisitions as they are reported. */
export type AcquisitionInput = Body<'/v1/acquisitions', 'post'>['acquisitions'][number];

/** A change that was made, or waits for a second key. */
export type Changed<T> =
  | { readonly isPending: false; readonly value: T }
  | { readonly isPending: true; readonly approval: Approval };

/** What was changed. @throws approval_required with `approvalId` when the change waits for a second key */
export function madeOf<T extends object>(answer: T | Approval): T {
  if (!isApproval(answer)) return answer;
  const { approvalId } = answer;
  const message = `The change waits for a second key as approval ${approvalId}.`;
  throw new DomainError('approval_required', 'forbidden', message, { approvalId });
}

/** Policies, kill switches, approvals and explanations of SyncShield, one call each. */
export class PolicyApi {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncShieldClientOptions) {
    const { baseUrl, timeoutMs } = options;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /**
   * Puts a policy into force. @throws policy_invalid, policy_version_conflict when another version
   * is in force than `expectedVersion`
   */
  async putPolicy(
    tenant: string,
    policy: PolicyInput,
    options: { readonly expectedVersion?: number; readonly comment?: string } = {},
  ): Promise<Changed<PolicyVersion>> {
    const body = { policy, ...options };
    return changed(await answerOf(this.api.PUT('/v1/policy', { body, ...this.of(tenant) })));
  }

  /** The policy in force. @throws policy_not_found */
  async getPolicy(tenant: string): Promise<PolicyVersion> {
    return answerOf(this.api.GET('/v1/policy', this.of(tenant)));
  }

  /** What a policy would have done to the decisions of the last days. @throws policy_invalid */
  async dryRun(
    tenant: string,
    policy: PolicyInput,
    options: { readonly days?: number; readonly maxDecisions?: number } = {},
  ): Promise<PolicyDryRun> {
    const { days = 7, maxDecisions = 200_000 } = options;
    const body = { policy, days, maxDecisions };
    return answerOf(this.api.POST('/v1/policy/dry-run', { body, ...this.of(tenant) }));
  }

  /** Once answered, no hold of the tenant, or of the budget, is approved. @throws budget_not_found */
  async kill(
    tenant: string,
    request: { readonly reason: string; readonly budgetId?: string },
  ): Promise<KillSwitch> {
    return answerOf(this.api.POST('/v1/kill-switch', { body: request, ...this.of(tenant) }));
  }

  /** @throws kill_switch_not_found */
  async lift(tenant: string, id: string, reason: string): Promise<Changed<KillSwitch>> {
    const params = { path: { id } };
    const call = this.api.POST('/v1/kill-switch/{id}/lift', {
      ...{ params, body: { reason }, ...this.of(tenant) },
    });
    return changed(await answerOf(call));
  }

  /** The first page of kill switches that are on. */
  async activeKillSwitches(tenant: string): Promise<readonly KillSwitch[]> {
    const params = { query: { isActive: 'true' as const, limit: 200 } };
    const { items } = await answerOf(
      this.api.GET('/v1/kill-switch', { params, ...this.of(tenant) }),
    );
    return items;
  }

  /** The first page of changes that wait for a second key. */
  async pendingApprovals(tenant: string): Promise<readonly Approval[]> {
    const params = { query: { state: 'pending' as const, limit: 200 } };
    const { items } = await answerOf(this.api.GET('/v1/approvals', { params, ...this.of(tenant) }));
    return items;
  }

  /** Applies a change. @throws approval_by_requester, approval_closed, approval_outdated */
  async approve(tenant: string, id: string, reason?: string): Promise<Approval> {
    const params = { path: { id } };
    const body = reason === undefined ? {} : { reason };
    const call = this.api.POST('/v1/approvals/{id}/approve', {
      ...{ params, body, ...this.of(tenant) },
    });
    return answerOf(call);
  }

  /** Refuses a change. @throws approval_closed */
  async reject(tenant: string, id: string, reason?: string): Promise<Approval> {
    const params = { path: { id } };
    const body = reason === undefined ? {} : { reason };
    const call = this.api.POST('/v1/approvals/{id}/reject', {
      ...{ params, body, ...this.of(tenant) },
    });
    return answerOf(call);
  }

  /** Why a hold was approved or denied. @throws hold_not_found */
  async why(tenant: string, holdId: string): Promise<HoldExplanation> {
    const params = { path: { id: holdId } };
    return answerOf(this.api.GET('/v1/holds/{id}/why', { params, ...this.of(tenant) }));
  }

  /** Asks that holds like this one pass the rule that denied it. @throws appeal_not_possible */
  async appeal(
    tenant: string,
    holdId: string,
    appeal: { readonly reason: string; readonly forMs?: number },
  ): Promise<Approval> {
    const params = { path: { id: holdId } };
    const { reason, forMs = 3_600_000 } = appeal;
    const call = this.api.POST('/v1/holds/{id}/appeal', {
      ...{ params, body: { reason, forMs }, ...this.of(tenant) },
    });
    return answerOf(call);
  }

  /** Reports won customers, at most 1,000; an id counts once. @throws idempotency_conflict */
  async recordAcquisitions(
    tenant: string,
    acquisitions: readonly AcquisitionInput[],
  ): Promise<{ readonly recorded: number; readonly repeated: number }> {
    const body = { acquisitions: [...acquisitions] };
    return answerOf(this.api.POST('/v1/acquisitions', { body, ...this.of(tenant) }));
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}

function changed<T extends object>(answer: T | Approval): Changed<T> {
  return isApproval(answer)
    ? { isPending: true, approval: answer }
    : { isPending: false, value: answer };
}

function isApproval(answer: object): answer is Approval {
  return 'requestedBy' in answer && 'approvalId' in answer;
}
