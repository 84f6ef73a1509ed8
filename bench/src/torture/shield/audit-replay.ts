import { BUDGETS } from './budgets.js';

/** One audit record, as the log gives it. */
export interface Leaf {
  readonly action: string;
  readonly atMs: number;
  readonly holdId?: string;
  readonly settlementId?: string;
  readonly budgetId?: string;
  readonly amountMicros?: number;
  readonly capturedMicros?: number;
  readonly lateMicros?: number;
  readonly refundedMicros?: number;
  readonly isFinal?: boolean;
}

interface CapRule {
  readonly kind: string;
  readonly limitMicros?: number;
  readonly limitActions?: number;
  readonly windowMs?: number;
}

interface Node {
  readonly id: string;
  readonly parentId?: string;
  readonly caps: readonly CapRule[];
}

interface Money {
  readonly decidedMs: number;
  readonly path: readonly string[];
  held: number;
  spent: number;
}

const DAY_MS = 86_400_000;

/**
 * The log replayed in its own order, without any code of the server: whether money was ever approved that a cap had
 * no room for, and how often each operation stands in the log.
 */
export class AuditReplay {
  /** By how much approvals went above their caps, micros or actions. */
  overspend = 0;
  /** How often each decision and settlement stands in the log. */
  readonly seen = new Map<string, number>();
  private readonly nodes = new Map<string, Node>(BUDGETS.map((node) => [node.id, node]));
  private readonly holds = new Map<string, Money>();
  private readonly inNode = new Map<string, Money[]>();
  private readonly totals = new Map<string, number>();

  take(leaf: Leaf): void {
    const { action, holdId = '', settlementId } = leaf;
    if (action === 'hold.approved' || action === 'hold.denied') this.count(holdId);
    if (settlementId !== undefined && action.startsWith('hold.')) {
      this.count(`${holdId}/${settlementId}`);
    }
    if (action === 'hold.approved') this.approve(leaf);
    else if (action.startsWith('hold.') && action !== 'hold.denied') this.settle(leaf);
  }

  private count(key: string): void {
    this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
  }

  private approve({ holdId = '', budgetId = '', amountMicros = 0, atMs }: Leaf): void {
    const path = this.pathOf(budgetId);
    const money: Money = { decidedMs: atMs, path, held: amountMicros, spent: 0 };
    this.holds.set(holdId, money);
    for (const id of path) {
      let all = this.inNode.get(id);
      if (all === undefined) this.inNode.set(id, (all = []));
      all.push(money);
      this.add(id, amountMicros);
      for (const cap of this.nodes.get(id)?.caps ?? []) {
        const limit = cap.limitMicros ?? cap.limitActions ?? 0;
        this.overspend += Math.max(0, this.used(id, all, cap, atMs) - limit);
      }
    }
  }

  private settle(leaf: Leaf): void {
    const money = this.holds.get(leaf.holdId ?? '');
    if (money === undefined) return;
    const before = money.held + money.spent;
    const captured = leaf.capturedMicros ?? 0;
    money.spent += captured + (leaf.lateMicros ?? 0) - (leaf.refundedMicros ?? 0);
    money.held = this.keeps(leaf, money.held - captured);
    for (const id of money.path) this.add(id, money.held + money.spent - before);
  }

  /** What a hold still holds after a settlement. */
  private keeps({ action, isFinal }: Leaf, rest: number): number {
    if (action === 'hold.refunded' || action === 'hold.already_settled') return rest;
    if (action === 'hold.captured' && isFinal === false) return rest;
    if (action === 'hold.late_spend' && isFinal === false && rest > 0) return rest;
    return 0;
  }

  private used(id: string, all: readonly Money[], cap: CapRule, nowMs: number): number {
    if (cap.limitActions !== undefined) return all.length;
    if (cap.kind === 'total' || cap.kind === 'calendar_month') return this.totals.get(id) ?? 0;
    const day = Math.floor(nowMs / DAY_MS);
    const isIn = (money: Money): boolean =>
      cap.kind === 'sliding_window'
        ? money.decidedMs > nowMs - (cap.windowMs ?? 0)
        : Math.floor(money.decidedMs / DAY_MS) === day;
    let sum = 0;
    // In order of decision: what lies further back counts no longer either.
    for (let i = all.length - 1; i >= 0 && isIn(all[i]!); i--) sum += all[i]!.held + all[i]!.spent;
    return sum;
  }

  private add(id: string, change: number): void {
    this.totals.set(id, (this.totals.get(id) ?? 0) + change);
  }

  private pathOf(budgetId: string): string[] {
    const path: string[] = [];
    for (let node = this.nodes.get(budgetId); node !== undefined;) {
      path.push(node.id);
      node = node.parentId === undefined ? undefined : this.nodes.get(node.parentId);
    }
    return path;
  }
}
