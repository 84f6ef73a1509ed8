import { enforcedLimit, METER_ID, type Budget, type Cap } from './budget.js';
import type { Usage } from './cap-counter.js';
import { windowAt } from './cap-window.js';
import type { CounterBook } from './counter-book.js';
import type { Denial, Hold, HoldReason, HoldRequest } from './hold.js';

/** What a hold is answered; without a denial it is approved. */
export interface Decision {
  readonly reason: HoldReason;
  readonly denial?: Denial;
  /** @default what was asked for */
  readonly grantedMicros?: bigint;
}

/** Asks every cap of a path: all let the hold pass, or the first that does not denies it. */
export function decideHold(
  counters: CounterBook,
  request: HoldRequest,
  path: readonly Budget[],
  nowMs: number,
): Decision {
  const { tenant, elastic } = request;
  const grantedMicros =
    elastic === undefined ? request.amountMicros : elasticAmount(counters, request, path, nowMs);
  for (const node of path) {
    for (const cap of node.caps) {
      const usage = counters.usage(tenant, cap, nowMs);
      if (costOf(cap, grantedMicros) > headroom(cap, usage)) {
        return { reason: 'cap_exceeded', denial: capDenial(node, cap, usage, nowMs) };
      }
    }
  }
  return { reason: 'within_limits', grantedMicros };
}

/**
 * What a cap still has room for, in its measure; never more than its limit, also when more came
 * back than was spent.
 */
export function headroom(cap: Cap, usage: Usage): bigint {
  const spent = usage.spent > 0n ? usage.spent : 0n;
  const room = enforcedLimit(cap) - spent - usage.held;
  return room > 0n ? room : 0n;
}

/** What a hold of that much counts on a cap. */
export function costOf({ measure }: Cap, amountMicros: bigint): bigint {
  return measure === 'actions' ? 1n : amountMicros;
}

/** A part of the smallest room, between the least that is worth it and what was asked for. */
function elasticAmount(
  counters: CounterBook,
  { tenant, amountMicros, elastic }: HoldRequest,
  path: readonly Budget[],
  nowMs: number,
): bigint {
  const { atLeastMicros, headroomDivisor } = elastic ?? { atLeastMicros: 1n, headroomDivisor: 1 };
  let granted = amountMicros;
  for (const { caps } of path) {
    for (const cap of caps) {
      if (cap.measure !== 'micros') continue;
      const part = headroom(cap, counters.usage(tenant, cap, nowMs)) / BigInt(headroomDivisor);
      if (part < granted) granted = part;
    }
  }
  return granted < atLeastMicros ? atLeastMicros : granted;
}

function capDenial(node: Budget, cap: Cap, usage: Usage, nowMs: number): Denial {
  const window = windowAt(cap, nowMs);
  return {
    budgetId: node.id,
    capId: cap.id === METER_ID ? 'ledger_maximum' : cap.id,
    kind: cap.kind === 'meter' ? 'total' : cap.kind,
    ...amountsOf(cap, usage),
    ...(window.toMs === undefined ? {} : { window }),
    ...valuesOf(cap),
  };
}

function amountsOf(cap: Cap, usage: Usage): Partial<Denial> {
  const limit = enforcedLimit(cap);
  if (cap.measure === 'actions') {
    return { measure: 'actions', limitActions: limit, usedActions: usage.spent };
  }
  return {
    limitMicros: limit,
    spentMicros: usage.spent,
    heldMicros: usage.held,
    headroomMicros: headroom(cap, usage),
  };
}

/** What the enforced limit is made of, where it is not the limit itself. */
function valuesOf(cap: Cap): Partial<Denial> {
  const { kind, limit, windowMs, flexPercent } = cap;
  if (kind === 'rate') return { values: { limit: `${limit}`, windowMs: `${windowMs}` } };
  if (flexPercent === undefined) return {};
  return { values: { limit: `${limit}`, flexPercent: `${flexPercent}` } };
}

/** A hold as it is decided, before anything happens to it. */
export function decidedHold(
  request: HoldRequest,
  at: { readonly shardNo: number; readonly nowMs: number; readonly budgetNo: bigint },
  decision: Decision & { readonly policyVersion: number | undefined },
): Hold {
  const { reason, denial, grantedMicros = request.amountMicros, policyVersion } = decision;
  return {
    ...request,
    amountMicros: grantedMicros,
    requestedMicros: request.amountMicros,
    shardNo: at.shardNo,
    budgetNo: at.budgetNo,
    isApproved: denial === undefined,
    reason,
    ...(denial === undefined ? {} : { denial }),
    ...(policyVersion === undefined ? {} : { policyVersion }),
    decidedMs: at.nowMs,
    state: denial === undefined ? 'held' : 'denied',
    capturedMicros: 0n,
    lateMicros: 0n,
    refundedMicros: 0n,
  };
}
