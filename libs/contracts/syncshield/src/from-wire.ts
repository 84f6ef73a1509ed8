import { DomainError, type ErrorKind } from '@kiki/kernel';
import type * as money from './money-types.js';
import type * as wire from './wire.js';

/** Kinds of the errors that one item of a batch may have. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  budget_not_found: 'not_found',
  hold_not_found: 'not_found',
  idempotency_conflict: 'conflict',
  currency_mismatch: 'unprocessable',
  shard_busy: 'unavailable',
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
      limitMicros: BigInt(cap.limitMicros),
      spentMicros: BigInt(cap.spentMicros),
      heldMicros: BigInt(cap.heldMicros),
      headroomMicros: BigInt(cap.headroomMicros),
    })),
    createdAt: new Date(createdAt),
  };
}

/** A hold. */
export function hold(answer: wire.HoldAnswer): money.Hold {
  return {
    ...answer,
    amountMicros: BigInt(answer.amountMicros),
    capturedMicros: BigInt(answer.capturedMicros),
    lateMicros: BigInt(answer.lateMicros),
    decidedAt: new Date(answer.decidedAt),
    expiresAt: answer.expiresAt === null ? null : new Date(answer.expiresAt),
    releaseAt: answer.releaseAt === null ? null : new Date(answer.releaseAt),
    denial: answer.denial === null ? null : denial(answer.denial),
  };
}

/** A settlement. */
export function settlement(answer: wire.SettlementAnswer): money.Settlement {
  return {
    ...answer,
    capturedMicros: BigInt(answer.capturedMicros),
    lateMicros: BigInt(answer.lateMicros),
    hold: hold(answer.hold),
  };
}

/** A check. */
export function check(answer: wire.CheckAnswer): money.CheckAnswer {
  const { allowed, reason, headroomMicros } = answer;
  return { isAllowed: allowed, reason, headroomMicros: BigInt(headroomMicros) };
}

function denial(answer: wire.DenialAnswer): money.Denial {
  const big = (micros: number | null): bigint | null => (micros === null ? null : BigInt(micros));
  return {
    ...answer,
    limitMicros: big(answer.limitMicros),
    spentMicros: big(answer.spentMicros),
    heldMicros: big(answer.heldMicros),
    headroomMicros: big(answer.headroomMicros),
  };
}
