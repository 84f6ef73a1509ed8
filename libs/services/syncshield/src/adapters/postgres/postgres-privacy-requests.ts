import { kernelErrors, type Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { Subject, SubjectParts } from '@kiki/subject-data';
import {
  PrivacyRequests,
  type ClaimedRequest,
  type PrivacyRequestDraft,
  type RequestFilter,
  type StateChange,
  type StepOutcome,
} from '../../application/privacy/privacy-requests.js';
import type { SubjectKeys } from '../../application/subject-keys.js';
import type { Approval, ApprovalAction } from '../../domain/approval.js';
import {
  dueMs,
  extendedDueMs,
  refusalsOf,
  STEP_SERVICES,
  type PrivacyRequest,
  type RequestDetails,
} from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';
import { appendOne } from './audited.js';
import { openedOf } from './claimed-requests.js';
import { dropExports, dropExportsOf, readExport } from './privacy-exports.js';
import { completionFacts, digestsOf, FINISHED, sealedName, stateError } from './privacy-facts.js';
import { requestRow, withSteps, type RequestRow } from './privacy-rows.js';
import { isStartGuarded, startGuarded } from './privacy-start.js';
import {
  BEGIN_REQUEST,
  CLAIM_REQUESTS,
  COUNT_REQUESTS,
  INSERT_REQUEST,
  KEEP_SEALED,
  LIST_REQUESTS,
  MOVE_REQUEST,
} from './privacy-statements.js';
import { recordOutcomes } from './privacy-steps.js';

/** Requests of data subjects in the service's own schema. */
export class PostgresPrivacyRequests extends PrivacyRequests {
  constructor(
    private readonly database: Database,
    private readonly keys: SubjectKeys,
    private readonly clock: Clock,
    private readonly fourEyes: ReadonlySet<ApprovalAction> = new Set(),
  ) {
    super();
  }

  override async create(draft: PrivacyRequestDraft, actor: string): Promise<PrivacyRequest> {
    const { tenant, id, kind, regime, details } = draft;
    const isGuarded = isStartGuarded(this.fourEyes, kind);
    const verificationMethod = isGuarded ? undefined : draft.verificationMethod;
    const digests = await digestsOf(this.keys, draft);
    const sealed = await this.keys.seal(tenant, sealedName(id), JSON.stringify(details));
    const nowMs = this.nowMs();
    const due = dueMs(regime, nowMs);
    const state = verificationMethod === undefined ? 'received' : 'verified';
    const request = await this.database.transaction(async (tx) => {
      const added = await tx.execute(INSERT_REQUEST, [
        ...[tenant, id, kind, regime, state, digests.creation, digests.customer, digests.email],
        ...[sealed, verificationMethod ?? null, draft.isSuppressing, actor, nowMs, due],
        state === 'verified' ? nowMs : null,
      ]);
      if (added === 0) return this.replay(tx, draft, digests.creation);
      await tx.execute(
        'INSERT INTO privacy_steps (tenant, request_id, service) SELECT $1, $2, unnest($3::text[])',
        [tenant, id, [...STEP_SERVICES]],
      );
      const facts = { kind, regime, dueMs: due, verificationMethod, suppress: draft.isSuppressing };
      return this.audited(tx, { tenant, id }, actor, 'privacy.received', facts);
    });
    const hasToWait = isGuarded && draft.verificationMethod !== undefined;
    if (hasToWait && request.state === 'received') throw startGuarded(draft);
    return request;
  }

  override async get(tenant: string, id: string): Promise<PrivacyRequest> {
    const [request] = await withSteps(this.database, [await requestRow(this.database, tenant, id)]);
    return request as PrivacyRequest;
  }

  override async list(tenant: string, filter: RequestFilter): Promise<PrivacyRequest[]> {
    const { state, kind, customerId, limit, after } = filter;
    const digest =
      customerId === undefined ? null : await this.keys.digest(tenant, 'customer', customerId);
    const rows = await this.database.query<RequestRow>(LIST_REQUESTS, [
      tenant,
      state ?? null,
      kind ?? null,
      digest,
      after ?? null,
      limit,
    ]);
    return withSteps(this.database, rows);
  }

  override async move(tenant: string, id: string, change: StateChange): Promise<PrivacyRequest> {
    const { from, to, actor, reason, verificationMethod, verificationReference } = change;
    const sealed =
      verificationReference === undefined
        ? null
        : await this.resealed(tenant, id, { verificationReference });
    const nowMs = this.nowMs();
    const isEnd = FINISHED.has(to);
    const moved = await this.database.transaction(async (tx) => {
      const before = await requestRow(tx, tenant, id, 'FOR UPDATE');
      if (!from.includes(before.state)) throw stateError(before.state, from);
      if (to === 'verified' && isStartGuarded(this.fourEyes, before.kind)) {
        await tx.execute(KEEP_SEALED, [tenant, id, sealed]);
        return before.kind;
      }
      await tx.execute(MOVE_REQUEST, [
        ...[tenant, id, to, reason ?? null, verificationMethod ?? null, nowMs],
        ...[isEnd ? nowMs : null, isEnd ? '' : sealed],
      ]);
      const facts = { before: { state: before.state }, reason, verificationMethod };
      return this.audited(tx, { tenant, id }, actor, `privacy.${to}`, facts);
    });
    if (typeof moved === 'string') throw startGuarded({ id, kind: moved, verificationMethod });
    // Whoever is not helped is forgotten too.
    if (isEnd) await this.keys.erase(tenant, sealedName(id), id);
    return moved;
  }

  /** Lets a request begin that a second key has approved. @throws approval_outdated */
  async verifyIn(
    tx: Queryable,
    { tenant, target: id, after, id: approvalId }: Approval,
    actor: string,
  ): Promise<void> {
    const { state } = await requestRow(tx, tenant, id, 'FOR UPDATE');
    if (state !== 'received') throw errors.approval_outdated();
    const { verificationMethod } = JSON.parse(after) as { readonly verificationMethod: string };
    await tx.execute(BEGIN_REQUEST, [tenant, id, verificationMethod, this.nowMs()]);
    const facts = { before: { state }, verificationMethod, approvalId };
    await this.audited(tx, { tenant, id }, actor, 'privacy.verified', facts);
  }

  override extend(
    tenant: string,
    id: string,
    reason: string,
    actor: string,
  ): Promise<PrivacyRequest> {
    return this.database.transaction(async (tx) => {
      const before = await requestRow(tx, tenant, id, 'FOR UPDATE');
      if (FINISHED.has(before.state) || before.extension_reason !== null) {
        throw stateError(before.state, ['received', 'verified', 'running'], 'not extended before');
      }
      const due = extendedDueMs(before.regime, Number(before.received_ms));
      await tx.execute(
        `UPDATE privacy_requests SET due_ms = $3, extension_reason = $4, extended_ms = $5
          WHERE tenant = $1 AND id = $2`,
        [tenant, id, due, reason, this.nowMs()],
      );
      const facts = { before: { dueMs: before.due_ms }, after: { dueMs: due } };
      return this.audited(tx, { tenant, id }, actor, 'privacy.extended', facts);
    });
  }

  override async claim(limit: number, leaseMs: number): Promise<ClaimedRequest[]> {
    const nowMs = this.nowMs();
    const rows = await this.database.query<RequestRow>(CLAIM_REQUESTS, [nowMs, leaseMs, limit]);
    const requests = await withSteps(this.database, rows);
    return openedOf(
      requests,
      rows.map((row) => this.opened(row)),
    );
  }

  override async located({ tenant, id }: PrivacyRequest, details: RequestDetails): Promise<void> {
    const sealed = await this.resealed(tenant, id, details);
    await this.database.execute(
      'UPDATE privacy_requests SET sealed = $3 WHERE tenant = $1 AND id = $2',
      [tenant, id, sealed],
    );
  }

  override async suppress({ tenant, id }: PrivacyRequest): Promise<PrivacyRequest> {
    await this.database.execute(
      'UPDATE privacy_requests SET is_suppressing = true WHERE tenant = $1 AND id = $2',
      [tenant, id],
    );
    return this.get(tenant, id);
  }

  override async record(
    request: PrivacyRequest,
    outcomes: readonly StepOutcome[],
  ): Promise<PrivacyRequest> {
    await recordOutcomes(this.database, this.keys, request, outcomes, this.nowMs());
    return this.get(request.tenant, request.id);
  }

  override async postpone({ tenant, id }: PrivacyRequest, afterMs: number): Promise<void> {
    await this.database.execute(
      `UPDATE privacy_requests SET next_attempt_ms = $3, attempts = attempts + 1, lease_until_ms = 0
        WHERE tenant = $1 AND id = $2 AND state = 'running'`,
      [tenant, id, afterMs],
    );
  }

  override async counts(): Promise<{ readonly open: number; readonly overdue: number }> {
    const [row] = await this.database.query<{ open: bigint; overdue: bigint }>(COUNT_REQUESTS, [
      this.nowMs(),
    ]);
    return { open: Number(row?.open ?? 0n), overdue: Number(row?.overdue ?? 0n) };
  }

  override async complete({ tenant, id, kind }: PrivacyRequest): Promise<void> {
    const isKept = kind === 'access';
    await this.database.transaction(async (tx) => {
      const before = await requestRow(tx, tenant, id, 'FOR UPDATE');
      if (before.state !== 'running') return;
      const [{ steps } = { steps: [] }] = await withSteps(tx, [before]);
      const [reason] = Object.values(refusalsOf(steps));
      const state = reason === undefined ? 'completed' : 'refused';
      await tx.execute(
        `UPDATE privacy_requests SET state = $5, reason = $6, finished_ms = $3, lease_until_ms = 0,
                sealed = CASE WHEN $4 THEN sealed ELSE '' END
          WHERE tenant = $1 AND id = $2`,
        [tenant, id, this.nowMs(), isKept, state, reason ?? null],
      );
      const facts = completionFacts(steps);
      await this.audited(tx, { tenant, id }, 'syncshield', `privacy.${state}`, facts);
    });
    if (!isKept) await this.keys.erase(tenant, sealedName(id), id);
  }

  override async export(
    tenant: string,
    id: string,
  ): Promise<Readonly<Record<string, SubjectParts>>> {
    const { state } = await this.get(tenant, id);
    if (state !== 'completed') throw errors.privacy_export_gone();
    return readExport(this.database, this.keys, tenant, id);
  }

  override dropExports(tenant: string, completedBeforeMs: number): Promise<number> {
    return dropExports(this.database, this.keys, tenant, completedBeforeMs);
  }

  override dropExportsOf(subject: Subject): Promise<number> {
    return dropExportsOf(this.database, this.keys, subject);
  }

  private async replay(
    tx: Queryable,
    { tenant, id }: PrivacyRequestDraft,
    creation: string,
  ): Promise<PrivacyRequest> {
    const row = await requestRow(tx, tenant, id);
    if (row.creation_digest !== creation) throw kernelErrors.idempotency_conflict();
    const [request] = await withSteps(tx, [row]);
    return request as PrivacyRequest;
  }

  private async opened({ tenant, sealed }: RequestRow): Promise<RequestDetails> {
    const text = await this.keys.open(tenant, sealed);
    if (text === undefined) throw errors.sealed_details_invalid('The key of the request is gone.');
    return JSON.parse(text) as RequestDetails;
  }

  private async resealed(
    tenant: string,
    id: string,
    changes: Partial<RequestDetails>,
  ): Promise<string> {
    const row = await requestRow(this.database, tenant, id);
    if (FINISHED.has(row.state)) throw stateError(row.state, ['received']);
    const known = await this.opened(row);
    return this.keys.seal(tenant, sealedName(id), JSON.stringify({ ...known, ...changes }));
  }

  /** Writes the audit record last, and its number beside the request. */
  private async audited(
    tx: Queryable,
    { tenant, id }: { readonly tenant: string; readonly id: string },
    actor: string,
    action: string,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<PrivacyRequest> {
    const said = { requestId: id, ...facts };
    const seq = await appendOne(tx, { tenant, actor, atMs: this.nowMs(), action, facts: said });
    await tx.execute('UPDATE privacy_requests SET audit_seq = $3 WHERE tenant = $1 AND id = $2', [
      ...[tenant, id, seq],
    ]);
    const [request] = await withSteps(tx, [await requestRow(tx, tenant, id)]);
    return request as PrivacyRequest;
  }

  private nowMs(): number {
    return Math.floor(this.clock.nowMs());
  }
}
