import type { Queryable, Row } from '@kiki/postgres';
import {
  STEP_SERVICES,
  type PrivacyRequest,
  type PrivacyStep,
  type Regime,
  type RequestKind,
  type RequestState,
  type StepService,
  type VerificationMethod,
} from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';

/** A row of `privacy_requests`. */
export interface RequestRow extends Row {
  readonly tenant: string;
  readonly id: string;
  readonly request_no: bigint;
  readonly kind: RequestKind;
  readonly regime: Regime;
  readonly state: RequestState;
  readonly creation_digest: string;
  readonly sealed: string;
  readonly verification_method: VerificationMethod | null;
  readonly is_suppressing: boolean;
  readonly created_by: string;
  readonly received_ms: bigint;
  readonly due_ms: bigint;
  readonly verified_ms: bigint | null;
  readonly extension_reason: string | null;
  readonly finished_ms: bigint | null;
  readonly reason: string | null;
  readonly audit_seq: bigint;
  readonly attempts: number;
}

interface StepRow extends Row {
  readonly tenant: string;
  readonly request_id: string;
  readonly service: StepService;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly tried_ms: bigint | null;
  readonly receipt: string | null;
  readonly confirmed_ms: bigint | null;
  readonly refused_ms: bigint | null;
}

/** One request, locked where it is going to be changed. @throws privacy_request_not_found */
export async function requestRow(
  from: Queryable,
  tenant: string,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<RequestRow> {
  const [row] = await from.query<RequestRow>(
    `SELECT * FROM privacy_requests WHERE tenant = $1 AND id = $2 ${lock}`,
    [tenant, id],
  );
  if (row === undefined) throw errors.privacy_request_not_found();
  return row;
}

/** Requests with their steps. */
export async function withSteps(
  from: Queryable,
  rows: readonly RequestRow[],
): Promise<PrivacyRequest[]> {
  if (rows.length === 0) return [];
  const steps = await from.query<StepRow>(
    `SELECT s.* FROM privacy_steps s JOIN unnest($1::text[], $2::text[]) AS r (tenant, id)
         ON s.tenant = r.tenant AND s.request_id = r.id`,
    [rows.map(({ tenant }) => tenant), rows.map(({ id }) => id)],
  );
  return rows.map((row) => {
    const own = steps.filter((step) => step.tenant === row.tenant && step.request_id === row.id);
    return requestOf(row, own.map(stepOf).sort(inOrder));
  });
}

const inOrder = (a: PrivacyStep, b: PrivacyStep): number =>
  STEP_SERVICES.indexOf(a.service) - STEP_SERVICES.indexOf(b.service);

function stepOf(row: StepRow): PrivacyStep {
  return {
    ...{ service: row.service, attempts: row.attempts },
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.tried_ms === null ? {} : { triedMs: Number(row.tried_ms) }),
    ...(row.receipt === null
      ? {}
      : { receipt: JSON.parse(row.receipt) as Readonly<Record<string, unknown>> }),
    ...(row.confirmed_ms === null ? {} : { confirmedMs: Number(row.confirmed_ms) }),
    ...(row.refused_ms === null ? {} : { refusedMs: Number(row.refused_ms) }),
  };
}

function requestOf(row: RequestRow, steps: readonly PrivacyStep[]): PrivacyRequest {
  return {
    ...{ tenant: row.tenant, id: row.id, requestNo: row.request_no, kind: row.kind },
    ...{ regime: row.regime, state: row.state, isSuppressing: row.is_suppressing },
    ...{ createdBy: row.created_by, auditSeq: row.audit_seq, attempts: row.attempts, steps },
    ...{ receivedMs: Number(row.received_ms), dueMs: Number(row.due_ms) },
    ...(row.verification_method === null ? {} : { verificationMethod: row.verification_method }),
    ...(row.verified_ms === null ? {} : { verifiedMs: Number(row.verified_ms) }),
    ...(row.extension_reason === null ? {} : { extensionReason: row.extension_reason }),
    ...(row.finished_ms === null ? {} : { finishedMs: Number(row.finished_ms) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  };
}
