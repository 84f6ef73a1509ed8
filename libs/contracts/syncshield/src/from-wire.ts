import { DomainError, type ErrorKind } from '@kiki/kernel';
import type * as money from './money-types.js';
import type * as wire from './wire.js';

/** Kinds of the errors that one item of a batch may have. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  budget_not_found: 'not_found',
  hold_not_found: 'not_found',
  lease_not_found: 'not_found',
  idempotency_conflict: 'conflict',
  currency_mismatch: 'unprocessable',
  refund_too_large: 'unprocessable',
  shard_busy: 'unavailable',
  consent_string_invalid: 'invalid',
  consent_proof_insufficient: 'unprocessable',
  consent_purpose_unknown: 'unprocessable',
  consent_notice_unknown: 'unprocessable',
};

/** One item of a batch: `value` when there is one, else its error. */
export function item<W, T>(
  { error }: { readonly error?: wire.ItemError },
  value: W | undefined,
  read: (wire: W) => T,
): money.ItemResult<T> {
  if (value !== undefined) return { ok: true, value: read(value) };
  const code = error?.code ?? 'internal';
  const details = error?.fields === undefined ? {} : { fields: error.fields };
  const detail = error?.detail ?? 'The item came back without an answer.';
  return { ok: false, error: new DomainError(code, KINDS[code] ?? 'internal', detail, details) };
}

/** A budget. */
export function budget(answer: wire.BudgetAnswer): money.Budget {
  const { createdAt, spentMicros, heldMicros, caps, ...rest } = answer;
  return {
    ...rest,
    spentMicros: BigInt(spentMicros),
    heldMicros: BigInt(heldMicros),
    caps: caps.map((cap) => ({
      ...cap,
      limitMicros: big(cap.limitMicros),
      spentMicros: big(cap.spentMicros),
      heldMicros: big(cap.heldMicros),
      headroomMicros: big(cap.headroomMicros),
      burst: big(cap.burst),
      windowFrom: date(cap.windowFrom),
      windowTo: date(cap.windowTo),
    })),
    createdAt: new Date(createdAt),
  };
}

/** A hold. */
export function hold(answer: wire.HoldAnswer): money.Hold {
  return {
    ...answer,
    amountMicros: BigInt(answer.amountMicros),
    requestedMicros: BigInt(answer.requestedMicros),
    capturedMicros: BigInt(answer.capturedMicros),
    lateMicros: BigInt(answer.lateMicros),
    refundedMicros: BigInt(answer.refundedMicros),
    decidedAt: new Date(millisecondsOf(answer.decidedAt)),
    expiresAt: date(answer.expiresAt),
    releaseAt: date(answer.releaseAt),
    denial: answer.denial === null ? null : denial(answer.denial),
  };
}

/** A settlement. */
export function settlement(answer: wire.SettlementAnswer): money.Settlement {
  return {
    ...answer,
    capturedMicros: BigInt(answer.capturedMicros),
    lateMicros: BigInt(answer.lateMicros),
    refundedMicros: BigInt(answer.refundedMicros),
    hold: hold(answer.hold),
  };
}

/** A check. */
export function check(answer: wire.CheckAnswer): money.CheckAnswer {
  const { allowed, reason, headroomMicros } = answer;
  return { isAllowed: allowed, reason, headroomMicros: BigInt(headroomMicros) };
}

function denial(answer: wire.DenialAnswer): money.Denial {
  return {
    ...answer,
    limitMicros: big(answer.limitMicros),
    spentMicros: big(answer.spentMicros),
    heldMicros: big(answer.heldMicros),
    headroomMicros: big(answer.headroomMicros),
    windowFrom: date(answer.windowFrom),
    windowTo: date(answer.windowTo),
  };
}

function big(micros: number | null): bigint | null {
  return micros === null ? null : BigInt(micros);
}

function date(instant: string | null): Date | null {
  return instant === null ? null : new Date(millisecondsOf(instant));
}

const instants = new Map<string, number>();
const MAX_INSTANTS = 1_024;

/** The holds of a batch share a few instants; reading one costs more than finding it again. */
function millisecondsOf(instant: string): number {
  let ms = instants.get(instant);
  if (ms === undefined) {
    if (instants.size >= MAX_INSTANTS) instants.clear();
    instants.set(instant, (ms = Date.parse(instant)));
  }
  return ms;
}
