import { MAX_MICROS } from '../budget.js';
import type { CapInput } from '../caps.js';
import { isSameEntry, type EntryRequest } from '../entry.js';
import type { HoldRequest, HoldState } from '../hold.js';
import type { SettlementRequest } from '../settlement.js';
import type { ReferenceCommand, ReferenceOutcome } from './reference-command.js';
import { spentBy, type Counted, type Fact, type ReferenceBudget } from './reference-facts.js';
import { counted, newCap, replacedCaps, roomOf, worstOver } from './reference-sums.js';
import { settleFact } from './reference-settling.js';

interface Remembered<R> {
  readonly request: R;
  readonly outcome: ReferenceOutcome;
  /** What a request without an amount would have stood for. */
  readonly wholeMicros: bigint;
}

const METER: CapInput = {
  id: 'ledger_maximum',
  kind: 'total',
  measure: 'micros',
  limit: MAX_MICROS,
};
const DONE = { is: 'done' } as const;

/**
 * The rules of the ledger, written down once more as plainly as possible: it remembers what
 * happened and sums it anew whenever it is asked, and shares no counting with the ledger. For one
 * tenant and small histories.
 */
export class ReferenceLedger {
  private readonly budgets = new Map<string, ReferenceBudget>();
  private readonly facts: Fact[] = [];
  private readonly holds = new Map<string, Fact>();
  private readonly asked = new Map<string, Remembered<HoldRequest>>();
  private readonly settled = new Map<string, Remembered<SettlementRequest>>();
  private readonly entered = new Map<string, Remembered<EntryRequest>>();

  /** @param clockMs earlier than this nothing is decided: when its budgets were made */
  constructor(private clockMs = 0) {}

  /** A new budget, below an existing one if it has a parent. */
  create(budget: {
    readonly id: string;
    readonly parentId?: string | undefined;
    readonly currency: string;
    readonly pausesOnExternal?: boolean;
    readonly caps: readonly CapInput[];
  }): void {
    const { id, parentId, currency, caps, pausesOnExternal = false } = budget;
    const parent = parentId === undefined ? undefined : this.budgets.get(parentId);
    const flags = { isPaused: false, isBreached: false };
    const made = { id, parent, currency, pausesOnExternal, ...flags };
    this.budgets.set(id, { ...made, caps: [METER, ...caps].map(newCap) });
  }

  /**
   * What the ledger has to answer at that instant, once everything due by then is given back. An
   * instant before the last change counts as that of the last change.
   */
  apply(command: ReferenceCommand, nowMs: number): ReferenceOutcome {
    const atMs = Math.max(nowMs, this.clockMs);
    this.release(atMs);
    switch (command.do) {
      case 'hold':
        return this.hold(command.request, atMs);
      case 'settle':
        return this.settle(command.request, atMs);
      case 'enter':
        return this.enter(command.request, atMs);
      case 'caps':
        return this.replaceCaps(command.budgetId, command.caps, atMs);
      case 'pause':
      case 'resume':
        return this.setPaused(command.budgetId, command.do === 'pause', atMs);
      case 'release':
        return DONE;
    }
  }

  /** What a cap counts at that instant; of a rate what of its burst is used. */
  usage(budgetId: string, capId: string, nowMs: number): Counted {
    const atMs = Math.max(nowMs, this.clockMs);
    const budget = this.budgets.get(budgetId);
    const cap = budget?.caps.find(({ id }) => id === capId);
    if (budget === undefined || cap === undefined) return { spent: 0n, held: 0n };
    return counted(this.facts, { budget, cap }, atMs, atMs);
  }

  /** Whether the budget itself is paused. */
  isPaused(budgetId: string): boolean {
    return this.budgets.get(budgetId)?.isPaused === true;
  }

  private hold(request: HoldRequest, nowMs: number): ReferenceOutcome {
    const known = this.asked.get(request.id);
    if (known !== undefined) {
      return text(known.request) === text(request) ? known.outcome : error('idempotency_conflict');
    }
    const budget = this.budgets.get(request.budgetId);
    if (budget === undefined) return error('budget_not_found');
    if (budget.currency !== request.currency) return error('currency_mismatch');
    const path = pathOf(budget);
    const outcome = this.decide(request, path, nowMs);
    const isApproved = outcome.is === 'hold' && outcome.reason === 'within_limits';
    const fact: Fact = {
      ...{ path, atMs: nowMs, grantedMicros: outcome.grantedMicros, isApproved },
      releaseMs: nowMs + request.expiresInMs + request.graceMs,
      state: isApproved ? 'held' : 'denied',
      ...{ capturedMicros: 0n, lateMicros: 0n, refundedMicros: 0n },
    };
    if (isApproved) this.approve(path, fact);
    this.facts.push(fact);
    this.holds.set(request.id, fact);
    this.asked.set(request.id, { request, outcome, wholeMicros: 0n });
    this.clockMs = nowMs;
    return outcome;
  }

  private decide(
    { amountMicros, elastic }: HoldRequest,
    path: readonly ReferenceBudget[],
    nowMs: number,
  ): Extract<ReferenceOutcome, { is: 'hold' }> {
    const paused = path.find(({ isPaused }) => isPaused);
    if (paused !== undefined) {
      const budgetId = paused.id;
      return { is: 'hold', reason: 'budget_paused', grantedMicros: amountMicros, budgetId };
    }
    const rooms = path.flatMap((budget) =>
      budget.caps.map((cap) => ({ budget, cap, room: roomOf(this.facts, { budget, cap }, nowMs) })),
    );
    let wanted = amountMicros;
    if (elastic !== undefined) {
      const money = rooms.filter(({ cap }) => cap.input.measure === 'micros');
      const parts = money.map(({ room }) => room / BigInt(elastic.headroomDivisor));
      wanted = [amountMicros, ...parts].reduce((a, b) => (a < b ? a : b));
      if (wanted < elastic.atLeastMicros) wanted = elastic.atLeastMicros;
    }
    const against = rooms.find(({ cap, room }) => {
      return (cap.input.measure === 'actions' ? 1n : wanted) > room;
    });
    if (against === undefined)
      return { is: 'hold', reason: 'within_limits', grantedMicros: wanted };
    const { budget, cap } = against;
    const by = { budgetId: budget.id, capId: cap.id };
    return { is: 'hold', reason: 'cap_exceeded', grantedMicros: amountMicros, ...by };
  }

  private approve(path: readonly ReferenceBudget[], { atMs, grantedMicros }: Fact): void {
    for (const cap of path.flatMap(({ caps }) => caps)) {
      if (cap.input.kind !== 'rate') continue;
      const amount = cap.input.measure === 'actions' ? 1n : grantedMicros;
      cap.approvals.push({ atMs, amount });
    }
  }

  private settle(request: SettlementRequest, nowMs: number): ReferenceOutcome {
    const fact = this.holds.get(request.holdId);
    if (fact === undefined) return error('hold_not_found');
    const key = `${request.holdId} ${request.settlementId}`;
    const known = this.settled.get(key);
    if (known !== undefined) {
      const { outcome } = known;
      return isSameSettlement(known, request) ? outcome : error('idempotency_conflict');
    }
    const spent = fact.capturedMicros + fact.lateMicros;
    const open = fact.grantedMicros > spent ? fact.grantedMicros - spent : 0n;
    const wholeMicros = request.action === 'refund' ? spentBy(fact) : open;
    const amount = request.amountMicros ?? wholeMicros;
    if (request.action === 'refund' && amount > spentBy(fact)) return error('refund_too_large');
    const result = settleFact(fact, request, amount);
    const { lateMicros } = result;
    if (lateMicros > 0n && worstOver(this.facts, fact.path, fact.atMs, nowMs) > 0n)
      breach(fact.path, true);
    const outcome: ReferenceOutcome = {
      ...{ is: 'settlement', ...result, state: fact.state as HoldState },
    };
    this.settled.set(key, { request, outcome, wholeMicros });
    this.clockMs = nowMs;
    return outcome;
  }

  private enter(request: EntryRequest, nowMs: number): ReferenceOutcome {
    const known = this.entered.get(request.entryId);
    if (known !== undefined) {
      return isSameEntry(known.request, request) ? known.outcome : error('idempotency_conflict');
    }
    const budget = this.budgets.get(request.budgetId);
    if (budget === undefined) return error('budget_not_found');
    if (budget.currency !== request.currency) return error('currency_mismatch');
    const path = pathOf(budget);
    const atMs = Math.min(request.atMs ?? nowMs, nowMs);
    const { amountMicros, source } = request;
    this.facts.push({
      ...{ path, atMs, grantedMicros: 0n, isApproved: false, releaseMs: Infinity, state: 'entry' },
      ...{ capturedMicros: 0n, lateMicros: 0n, refundedMicros: -amountMicros },
    });
    const overMicros = amountMicros > 0n ? worstOver(this.facts, path, atMs, nowMs) : 0n;
    const isPausing = overMicros > 0n && (source === 'correction' || budget.pausesOnExternal);
    if (overMicros > 0n) breach(path, isPausing);
    const outcome: ReferenceOutcome = { is: 'entry', overMicros, isPausing };
    this.entered.set(request.entryId, { request, outcome, wholeMicros: 0n });
    this.clockMs = nowMs;
    return outcome;
  }

  private release(nowMs: number): void {
    for (const fact of this.facts) {
      if (fact.state !== 'held' || fact.releaseMs > nowMs) continue;
      fact.state = 'expired';
      this.clockMs = nowMs;
    }
  }

  private setPaused(budgetId: string, isPaused: boolean, nowMs: number): ReferenceOutcome {
    const budget = this.budgets.get(budgetId);
    if (budget === undefined) return error('budget_not_found');
    // To resume also closes the breach of spend that paused nothing.
    const isClosing = !isPaused && budget.isBreached;
    if (budget.isPaused !== isPaused || isClosing) this.clockMs = nowMs;
    budget.isPaused = isPaused;
    if (isClosing) budget.isBreached = false;
    return DONE;
  }

  private replaceCaps(
    budgetId: string,
    caps: readonly CapInput[],
    nowMs: number,
  ): ReferenceOutcome {
    const budget = this.budgets.get(budgetId);
    if (budget === undefined) return error('budget_not_found');
    budget.caps = replacedCaps(this.facts, budget, [METER, ...caps], nowMs);
    this.clockMs = nowMs;
    return DONE;
  }
}

function pathOf(budget: ReferenceBudget): ReferenceBudget[] {
  return budget.parent === undefined ? [budget] : [budget, ...pathOf(budget.parent)];
}

/** Real spend without room opens a breach of the budget it came from, and mostly pauses it. */
function breach([budget]: readonly ReferenceBudget[], isPausing: boolean): void {
  if (budget === undefined) return;
  budget.isBreached = true;
  budget.isPaused ||= isPausing;
}

function error(code: string): ReferenceOutcome {
  return { is: 'error', code };
}

function isSameSettlement(
  { request: first, wholeMicros }: Remembered<SettlementRequest>,
  again: SettlementRequest,
): boolean {
  if (first.action !== again.action) return false;
  if ((first.isFinal ?? true) !== (again.isFinal ?? true)) return false;
  return (first.amountMicros ?? wholeMicros) === (again.amountMicros ?? wholeMicros);
}

/** A request as text, whatever the order of its members. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return member.toString();
    if (typeof member !== 'object' || member === null) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
