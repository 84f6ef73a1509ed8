import { ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import {
  breachOpened,
  holdDecided,
  holdExpired,
  holdSettled,
  type AuditRecord,
} from './audit-record.js';
import { METER_ID, type Budget, type BudgetTree, type Cap } from './budget.js';
import type { CounterBook, Usage } from './counter-book.js';
import {
  keyOf,
  releaseMs,
  type Denial,
  type Hold,
  type HoldReason,
  type HoldRequest,
} from './hold.js';
import {
  replayHold,
  replaySettlement,
  unknownBudget,
  unknownHold,
  wrongCurrency,
} from './replay.js';
import {
  settledAmount,
  settlementKey,
  type Breach,
  type Settlement,
  type SettlementRequest,
  type SettlementResult,
} from './settlement.js';

/** A shard as one transaction sees it under its lock. */
export interface ShardView {
  readonly shardNo: number;
  readonly tree: BudgetTree;
  /** The instant of every decision of this transaction on this shard. */
  readonly nowMs: number;
}

/** What a transaction has to write. */
export interface BookChanges {
  /** Decided in this transaction, in order of decision, as they stand at its end. */
  readonly newHolds: readonly Hold[];
  /** Held before, resolved or charged now. */
  readonly changedHolds: readonly Hold[];
  readonly newSettlements: readonly Settlement[];
  readonly breaches: readonly Breach[];
  readonly pausedBudgetNos: ReadonlySet<bigint>;
  readonly audit: readonly AuditRecord[];
}

/**
 * The rules of the ledger, on everything one transaction has read. Commands are applied one after
 * the other, each on what the ones before it left: a batch decides exactly what its commands would
 * have got one by one.
 */
export class Book {
  private readonly fresh = new Map<string, Hold>();
  private readonly changed = new Map<string, Hold>();
  private readonly newSettlements: Settlement[] = [];
  private readonly breaches: Breach[] = [];
  private readonly pausedNow = new Set<bigint>();
  private readonly audit: AuditRecord[] = [];

  constructor(
    private readonly counters: CounterBook,
    private readonly holds: Map<string, Hold>,
    private readonly settlements: Map<string, Settlement>,
  ) {}

  /** Approves or denies; a repeated request gets its first answer. */
  hold(
    shard: ShardView | undefined,
    request: HoldRequest,
    actor: string,
  ): Result<Hold, DomainError> {
    const known = this.holds.get(keyOf(request.tenant, request.id));
    if (known !== undefined) return replayHold(known, request);
    const budget = shard?.tree.find(request.budgetId);
    if (shard === undefined || budget === undefined) return refuse(unknownBudget(request.budgetId));
    if (budget.currency !== request.currency)
      return refuse(wrongCurrency(budget, request.currency));
    const denial = this.denialOf(shard, budget, request);
    const reason: HoldReason =
      denial === undefined
        ? 'within_limits'
        : denial.capId === undefined
          ? 'budget_paused'
          : 'cap_exceeded';
    const hold: Hold = {
      ...request,
      shardNo: shard.shardNo,
      budgetNo: budget.budgetNo,
      isApproved: denial === undefined,
      reason,
      ...(denial === undefined ? {} : { denial }),
      decidedMs: shard.nowMs,
      state: denial === undefined ? 'held' : 'denied',
      capturedMicros: 0n,
      lateMicros: 0n,
    };
    if (hold.isApproved) this.move(shard, hold, { heldMicros: hold.amountMicros, spentMicros: 0n });
    this.holds.set(keyOf(hold.tenant, hold.id), hold);
    this.fresh.set(keyOf(hold.tenant, hold.id), hold);
    this.audit.push(holdDecided(hold, actor));
    return ok(hold);
  }

  /** Captures or voids; real spend is recorded whatever state the hold is in. */
  settle(
    shard: ShardView | undefined,
    request: SettlementRequest,
    actor: string,
  ): Result<SettlementResult, DomainError> {
    const hold = this.holds.get(keyOf(request.tenant, request.holdId));
    if (shard === undefined || hold === undefined) return refuse(unknownHold(request.holdId));
    const known = this.settlements.get(settlementKey(request));
    if (known !== undefined) return replaySettlement(known, request, hold);
    if (hold.state === 'held' && releaseMs(hold) <= shard.nowMs) this.release(shard, hold);
    const current = this.holds.get(keyOf(request.tenant, request.holdId)) ?? hold;
    const result = this.apply(shard, request, current);
    this.settlements.set(settlementKey(request), result.settlement);
    this.newSettlements.push(result.settlement);
    this.audit.push(holdSettled(result, actor));
    if (result.settlement.lateMicros > 0n) this.chargeLate(shard, result);
    return ok(result);
  }

  /** Gives the money of an unsettled hold back after its grace. */
  release(shard: ShardView, hold: Hold): void {
    if (hold.state !== 'held' || releaseMs(hold) > shard.nowMs) return;
    this.move(shard, hold, { heldMicros: -hold.amountMicros, spentMicros: 0n });
    this.put({ ...hold, state: 'expired' });
    this.audit.push(holdExpired(hold, shard.nowMs));
  }

  /** What has to be written now. */
  changes(): BookChanges {
    return {
      newHolds: [...this.fresh.values()],
      changedHolds: [...this.changed.values()],
      newSettlements: this.newSettlements,
      breaches: this.breaches,
      pausedBudgetNos: this.pausedNow,
      audit: this.audit,
    };
  }

  private denialOf(shard: ShardView, budget: Budget, request: HoldRequest): Denial | undefined {
    const path = shard.tree.path(budget.budgetNo);
    const paused = path.find((node) => node.isPaused || this.pausedNow.has(node.budgetNo));
    if (paused !== undefined) return { budgetId: paused.id };
    for (const node of path) {
      for (const cap of node.caps) {
        const usage = this.counters.usage(request.tenant, cap, shard.nowMs);
        if (request.amountMicros > headroom(cap, usage)) return capDenial(node, cap, usage);
      }
    }
    return undefined;
  }

  private apply(shard: ShardView, request: SettlementRequest, hold: Hold): SettlementResult {
    const amountMicros = settledAmount(request, hold);
    const isHeld = hold.state === 'held';
    const isSpend =
      request.action === 'capture' && hold.state !== 'captured' && hold.lateMicros === 0n;
    const capturedMicros = isHeld && isSpend ? least(amountMicros, hold.amountMicros) : 0n;
    const lateMicros = isSpend ? amountMicros - capturedMicros : 0n;
    const outcome =
      lateMicros > 0n
        ? 'late_spend'
        : !isHeld
          ? 'already_settled'
          : request.action === 'void'
            ? 'voided'
            : 'captured';
    const after: Hold = {
      ...hold,
      state: isHeld ? (request.action === 'void' ? 'voided' : 'captured') : hold.state,
      capturedMicros: hold.capturedMicros + capturedMicros,
      lateMicros: hold.lateMicros + lateMicros,
    };
    if (isHeld)
      this.move(shard, hold, { heldMicros: -hold.amountMicros, spentMicros: capturedMicros });
    if (after.state !== hold.state || lateMicros > 0n) this.put(after);
    return {
      settlement: settlementOf(
        request,
        { amountMicros, outcome, capturedMicros, lateMicros },
        after,
        shard.nowMs,
      ),
      hold: after,
    };
  }

  private chargeLate(shard: ShardView, { settlement, hold }: SettlementResult): void {
    this.move(shard, hold, { heldMicros: 0n, spentMicros: settlement.lateMicros });
    const at = { decidedMs: hold.decidedMs, nowMs: shard.nowMs };
    let worst: { cap: Cap; overMicros: bigint } | undefined;
    for (const node of shard.tree.path(hold.budgetNo)) {
      for (const cap of node.caps) {
        const overMicros = this.counters.allowExcess(hold.tenant, cap, at);
        if (overMicros > (worst?.overMicros ?? 0n)) worst = { cap, overMicros };
      }
    }
    if (worst === undefined) return;
    const breach: Breach = {
      tenant: hold.tenant,
      budgetNo: hold.budgetNo,
      capNo: worst.cap.capNo,
      capId: worst.cap.id,
      holdId: hold.id,
      settlementId: settlement.settlementId,
      lateMicros: settlement.lateMicros,
      overMicros: worst.overMicros,
      openedMs: shard.nowMs,
    };
    const wasPaused =
      shard.tree.get(hold.budgetNo)?.isPaused === true || this.pausedNow.has(hold.budgetNo);
    this.breaches.push(breach);
    this.pausedNow.add(hold.budgetNo);
    this.audit.push(breachOpened(breach, hold, wasPaused));
  }

  private move(shard: ShardView, hold: Hold, change: Usage): void {
    const at = { decidedMs: hold.decidedMs, nowMs: shard.nowMs };
    for (const node of shard.tree.path(hold.budgetNo)) {
      for (const cap of node.caps) this.counters.add(hold.tenant, cap, at, change);
    }
  }

  private put(hold: Hold): void {
    const key = keyOf(hold.tenant, hold.id);
    this.holds.set(key, hold);
    if (this.fresh.has(key)) this.fresh.set(key, hold);
    else this.changed.set(key, hold);
  }
}

/** What a cap still has room for. */
export function headroom(cap: Cap, usage: Usage): bigint {
  const room = cap.limitMicros - usage.spentMicros - usage.heldMicros;
  return room > 0n ? room : 0n;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function capDenial(node: Budget, cap: Cap, usage: Usage): Denial {
  return {
    budgetId: node.id,
    capId: cap.id === METER_ID ? 'ledger_maximum' : cap.id,
    kind: cap.kind === 'meter' ? 'total' : cap.kind,
    limitMicros: cap.limitMicros,
    ...usage,
    headroomMicros: headroom(cap, usage),
  };
}

function settlementOf(
  request: SettlementRequest,
  effect: Pick<Settlement, 'amountMicros' | 'outcome' | 'capturedMicros' | 'lateMicros'>,
  after: Hold,
  settledMs: number,
): Settlement {
  return {
    tenant: request.tenant,
    holdId: request.holdId,
    settlementId: request.settlementId,
    action: request.action,
    ...effect,
    stateAfter: after.state,
    capturedAfterMicros: after.capturedMicros,
    lateAfterMicros: after.lateMicros,
    settledMs,
  };
}
