import { ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import {
  breachOpened,
  entryRecorded,
  holdDecided,
  holdExpired,
  holdSettled,
  type AuditRecord,
} from './audit-record.js';
import type { Breach, BreachCause } from './breach.js';
import { followsMoney, type Budget, type BudgetTree, type Cap } from './budget.js';
import type { Usage } from './cap-counter.js';
import type { CounterBook } from './counter-book.js';
import { entryKey, type Entry, type EntryRequest, type RecordedEntry } from './entry.js';
import { heldMicros, keyOf, releaseMs, type Hold, type HoldRequest } from './hold.js';
import { NoJudge, type Judge } from './judge.js';
import {
  replayEntry,
  replayHold,
  replaySettlement,
  unknownBudget,
  unknownHold,
  wrongCurrency,
} from './replay.js';
import { decidedHold, decideHold, type Decision } from './decision.js';
import {
  settlementKey,
  type Settlement,
  type SettlementRequest,
  type SettlementResult,
} from './settlement.js';
import { settle } from './settling.js';

/** A shard as one transaction sees it under its lock. */
export interface ShardView {
  readonly shardNo: number;
  readonly tree: BudgetTree;
  /** The instant of every decision of this transaction on this shard. */
  readonly nowMs: number;
}

/** What a transaction has read for its book; the maps are by key and grow as it decides. */
export interface BookPages {
  readonly holds: Map<string, Hold>;
  readonly settlements: Map<string, Settlement>;
  readonly entries: Map<string, Entry>;
}

/** What a transaction has to write. */
export interface BookChanges {
  /** Decided in this transaction, in order of decision, as they stand at its end. */
  readonly newHolds: readonly Hold[];
  /** Held before, resolved or charged now. */
  readonly changedHolds: readonly Hold[];
  readonly newSettlements: readonly Settlement[];
  readonly newEntries: readonly Entry[];
  readonly breaches: readonly Breach[];
  readonly pausedBudgetNos: ReadonlySet<bigint>;
  readonly audit: readonly AuditRecord[];
}

/** Money of one budget in the slots of one instant. */
interface Place {
  readonly tenant: string;
  readonly budgetNo: bigint;
  readonly decidedMs: number;
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
  private readonly newEntries: Entry[] = [];
  private readonly breaches: Breach[] = [];
  private readonly pausedNow = new Set<bigint>();
  private readonly audit: AuditRecord[] = [];

  constructor(
    private readonly counters: CounterBook,
    private readonly pages: BookPages,
    private readonly judge: Judge = new NoJudge(),
  ) {}

  /** Approves or denies; a repeated request gets its first answer. */
  hold(
    shard: ShardView | undefined,
    request: HoldRequest,
    actor: string,
  ): Result<Hold, DomainError> {
    const key = keyOf(request.tenant, request.id);
    const known = this.pages.holds.get(key);
    if (known !== undefined) return replayHold(known, request);
    const budget = shard?.tree.find(request.budgetId);
    if (shard === undefined || budget === undefined) return refuse(unknownBudget(request.budgetId));
    if (budget.currency !== request.currency)
      return refuse(wrongCurrency(budget, request.currency));
    const path = shard.tree.path(budget.budgetNo);
    const decision = this.decide(shard, path, request);
    const policyVersion = this.judge.policyVersion(request.tenant);
    const { shardNo, nowMs } = shard;
    const at = { shardNo, nowMs, budgetNo: budget.budgetNo };
    const hold = decidedHold(request, at, { ...decision, policyVersion });
    if (hold.isApproved) {
      for (const { caps } of path) {
        for (const cap of caps) {
          this.counters.approve(hold.tenant, cap, nowMs, hold.amountMicros);
        }
      }
    }
    this.judge.decided(hold, path);
    this.pages.holds.set(key, hold);
    this.fresh.set(key, hold);
    this.audit.push(holdDecided(hold, actor));
    return ok(hold);
  }

  /** Captures, voids or refunds; real spend is recorded whatever state the hold is in. */
  settle(
    shard: ShardView | undefined,
    request: SettlementRequest,
    actor: string,
  ): Result<SettlementResult, DomainError> {
    const hold = this.pages.holds.get(keyOf(request.tenant, request.holdId));
    if (shard === undefined || hold === undefined) return refuse(unknownHold(request.holdId));
    const known = this.pages.settlements.get(settlementKey(request));
    if (known !== undefined) return replaySettlement(known, request, hold);
    this.release(shard, hold);
    const before = this.pages.holds.get(keyOf(request.tenant, request.holdId)) ?? hold;
    const result = settle(request, before, shard.nowMs);
    if (!result.ok) return result;
    const { settlement, hold: after } = result.value;
    this.move(shard, after, {
      held: heldMicros(after) - heldMicros(before),
      spent: settlement.capturedMicros - settlement.refundedMicros,
    });
    if (settlement.outcome !== 'already_settled') this.put(after);
    this.pages.settlements.set(settlementKey(request), settlement);
    this.newSettlements.push(settlement);
    this.audit.push(holdSettled(result.value, actor));
    const { settlementId, lateMicros } = settlement;
    if (lateMicros > 0n) {
      this.charge(shard, after, lateMicros, { holdId: after.id, settlementId }, true);
    }
    return ok(result.value);
  }

  /** Records money that was spent, or came back, without a hold. */
  enter(
    shard: ShardView | undefined,
    request: EntryRequest,
    actor: string,
  ): Result<Entry, DomainError> {
    const known = this.pages.entries.get(entryKey(request));
    if (known !== undefined) return replayEntry(known, request);
    const budget = shard?.tree.find(request.budgetId);
    if (shard === undefined || budget === undefined) return refuse(unknownBudget(request.budgetId));
    if (budget.currency !== request.currency)
      return refuse(wrongCurrency(budget, request.currency));
    const { shardNo, nowMs } = shard;
    const { budgetNo } = budget;
    const countedMs = Math.min(request.atMs ?? nowMs, nowMs);
    const recorded = { ...request, shardNo, budgetNo, countedMs, recordedMs: nowMs };
    this.audit.push(entryRecorded(recorded, actor));
    const breach = this.moveEntry(shard, budget, recorded);
    const { overMicros = 0n, isPausing = false } = breach ?? {};
    const entry: Entry = { ...recorded, overMicros, isPausing };
    this.pages.entries.set(entryKey(request), entry);
    this.newEntries.push(entry);
    return ok(entry);
  }

  /** Gives the money of an unsettled hold back after its grace. */
  release(shard: ShardView, hold: Hold): void {
    if (hold.state !== 'held' || releaseMs(hold) > shard.nowMs) return;
    this.move(shard, hold, { held: -heldMicros(hold), spent: 0n });
    this.put({ ...hold, state: 'expired' });
    this.audit.push(holdExpired(hold, shard.nowMs));
  }

  /** What has to be written now. */
  changes(): BookChanges {
    return {
      newHolds: [...this.fresh.values()],
      changedHolds: [...this.changed.values()],
      newSettlements: this.newSettlements,
      newEntries: this.newEntries,
      breaches: this.breaches,
      pausedBudgetNos: this.pausedNow,
      audit: this.audit,
    };
  }

  private decide(shard: ShardView, path: readonly Budget[], request: HoldRequest): Decision {
    const paused = path.find((node) => node.isPaused || this.pausedNow.has(node.budgetNo));
    if (paused !== undefined) return { reason: 'budget_paused', denial: { budgetId: paused.id } };
    const verdict = this.judge.judge(request, path, shard.nowMs);
    return verdict ?? decideHold(this.counters, request, path, shard.nowMs);
  }

  private moveEntry(
    shard: ShardView,
    budget: Budget,
    { tenant, budgetNo, entryId, amountMicros, source, countedMs }: RecordedEntry,
  ): Breach | undefined {
    const place = { tenant, budgetNo, decidedMs: countedMs };
    if (amountMicros <= 0n) {
      this.move(shard, place, { held: 0n, spent: amountMicros });
      return undefined;
    }
    const isPausing = source === 'correction' || budget.pausesOnExternal;
    return this.charge(shard, place, amountMicros, { entryId }, isPausing);
  }

  /** Counts real spend, and opens a breach when a cap that counts it is above its limit now. */
  private charge(
    shard: ShardView,
    place: Place,
    amountMicros: bigint,
    cause: BreachCause,
    isPausing: boolean,
  ): Breach | undefined {
    this.move(shard, place, { held: 0n, spent: amountMicros });
    const worst = this.worstExcess(shard, place);
    const budget = shard.tree.get(place.budgetNo);
    if (worst === undefined || budget === undefined) return undefined;
    const { tenant, budgetNo } = place;
    const breach: Breach = {
      ...{ tenant, budgetNo, budgetId: budget.id, cause, isPausing },
      capNo: worst.cap.capNo,
      capId: worst.cap.id,
      lateMicros: amountMicros,
      overMicros: worst.overMicros,
      openedMs: shard.nowMs,
    };
    const wasPaused = budget.isPaused || this.pausedNow.has(budgetNo);
    this.breaches.push(breach);
    if (isPausing) this.pausedNow.add(budgetNo);
    this.audit.push(breachOpened(breach, wasPaused));
    return breach;
  }

  private worstExcess(
    shard: ShardView,
    { tenant, budgetNo, decidedMs }: Place,
  ): { cap: Cap; overMicros: bigint } | undefined {
    const at = { decidedMs, nowMs: shard.nowMs };
    let worst: { cap: Cap; overMicros: bigint } | undefined;
    for (const cap of moneyCaps(shard, budgetNo)) {
      const overMicros = this.counters.allowExcess(tenant, cap, at);
      if (overMicros > (worst?.overMicros ?? 0n)) worst = { cap, overMicros };
    }
    return worst;
  }

  private move(shard: ShardView, { tenant, budgetNo, decidedMs }: Place, change: Usage): void {
    if (change.held === 0n && change.spent === 0n) return;
    const at = { decidedMs, nowMs: shard.nowMs };
    for (const cap of moneyCaps(shard, budgetNo)) this.counters.move(tenant, cap, at, change);
  }

  private put(hold: Hold): void {
    const key = keyOf(hold.tenant, hold.id);
    this.pages.holds.set(key, hold);
    if (this.fresh.has(key)) this.fresh.set(key, hold);
    else this.changed.set(key, hold);
  }
}

function* moneyCaps({ tree }: ShardView, budgetNo: bigint): Generator<Cap> {
  for (const { caps } of tree.path(budgetNo)) {
    for (const cap of caps) if (followsMoney(cap)) yield cap;
  }
}
