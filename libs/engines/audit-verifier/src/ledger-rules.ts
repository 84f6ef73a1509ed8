import type { ParsedRecord } from './canonical-record.js';

interface KnownHold {
  readonly isApproved: boolean;
  readonly amount: number;
  readonly budgetId: string;
  readonly currency: string;
  captured: number;
  late: number;
  refunded: number;
}

/** What a budget spent by its own holds and entries. */
interface BudgetSum {
  readonly currency: string;
  parentId: string | undefined;
  spent: bigint;
}

/** What a budget spent, as the log says. */
export interface RecomputedBudget {
  readonly budgetId: string;
  readonly currency: string;
  /** By its own holds and entries. */
  readonly ownMicros: bigint;
  /** With everything below it. */
  readonly spentMicros: bigint;
}

const DECISIONS = new Set(['hold.approved', 'hold.denied']);
const SETTLEMENTS = new Set([
  ...['hold.captured', 'hold.late_spend', 'hold.refunded', 'hold.voided'],
  ...['hold.already_settled', 'hold.expired'],
]);

/**
 * The rules that records about money keep among themselves: a hold is decided once, before it is
 * settled; no more is captured than was approved; no more comes back than was spent.
 */
export class LedgerRules {
  private readonly holds = new Map<string, KnownHold>();
  private readonly entries = new Set<string>();
  private readonly sums = new Map<string, BudgetSum>();

  /** Applies a record; returns what it breaks. */
  apply(record: ParsedRecord): string | undefined {
    const { action } = record;
    if (DECISIONS.has(action)) return this.decide(record);
    if (SETTLEMENTS.has(action)) return this.settle(record);
    if (action === 'entry.recorded') return this.enter(record);
    if (action === 'budget.created') return this.create(record);
    return undefined;
  }

  /** What every budget spent, by its id. */
  budgets(): RecomputedBudget[] {
    const totals = new Map([...this.sums].map(([id, { spent }]) => [id, spent]));
    for (const [id, { spent }] of this.sums) {
      const seen = new Set([id]);
      let above = this.sums.get(id)?.parentId;
      while (above !== undefined && !seen.has(above)) {
        seen.add(above);
        totals.set(above, (totals.get(above) ?? 0n) + spent);
        above = this.sums.get(above)?.parentId;
      }
    }
    return [...this.sums]
      .map(([budgetId, { currency, spent }]) => ({
        ...{ budgetId, currency, ownMicros: spent },
        spentMicros: totals.get(budgetId) ?? spent,
      }))
      .sort((a, b) => (a.budgetId < b.budgetId ? -1 : 1));
  }

  private decide(record: ParsedRecord): string | undefined {
    const { holdId, budgetId, currency } = record;
    const amount = micros(record['amountMicros']);
    if (!isText(holdId) || !isText(budgetId) || !isText(currency) || amount === undefined) {
      return 'a decision needs holdId, budgetId, currency and amountMicros';
    }
    if (this.holds.has(holdId)) return `hold “${holdId}” is decided twice`;
    const isApproved = record.action === 'hold.approved';
    const none = { captured: 0, late: 0, refunded: 0 };
    this.holds.set(holdId, { isApproved, amount, budgetId, currency, ...none });
    return this.add(budgetId, currency, 0);
  }

  private settle(record: ParsedRecord): string | undefined {
    const { holdId, budgetId, currency } = record;
    const hold = isText(holdId) ? this.holds.get(holdId) : undefined;
    if (hold === undefined) return `hold “${String(holdId)}” was never decided`;
    if (budgetId !== hold.budgetId || (currency !== undefined && currency !== hold.currency)) {
      return `hold “${String(holdId)}” was decided on another budget or currency`;
    }
    const captured = micros(record['capturedMicros'] ?? 0);
    const late = micros(record['lateMicros'] ?? 0);
    const refunded = micros(record['refundedMicros'] ?? 0);
    if (captured === undefined || late === undefined || refunded === undefined) {
      return 'the amounts of a settlement are whole numbers of micros';
    }
    hold.captured += captured;
    hold.late += late;
    hold.refunded += refunded;
    const broken = this.add(hold.budgetId, hold.currency, captured + late - refunded);
    if (hold.captured > (hold.isApproved ? hold.amount : 0)) {
      return `more was captured of hold “${String(holdId)}” than was approved`;
    }
    if (hold.refunded > hold.captured + hold.late) {
      return `more came back of hold “${String(holdId)}” than was spent`;
    }
    return broken;
  }

  private enter({ entryId, budgetId, currency, amountMicros }: ParsedRecord): string | undefined {
    const isWhole = typeof amountMicros === 'number' && Number.isSafeInteger(amountMicros);
    if (!isText(entryId) || !isText(budgetId) || !isText(currency) || !isWhole) {
      return 'an entry needs entryId, budgetId, currency and amountMicros';
    }
    if (this.entries.has(entryId)) return `entry “${entryId}” is recorded twice`;
    this.entries.add(entryId);
    return this.add(budgetId, currency, amountMicros);
  }

  private create({ budgetId, after }: ParsedRecord): string | undefined {
    const { parentId, currency } = (after ?? {}) as Record<string, unknown>;
    if (!isText(budgetId) || !isText(currency)) return 'a new budget needs budgetId and currency';
    if (this.sums.has(budgetId)) return `budget “${budgetId}” is created twice, or after its use`;
    this.sums.set(budgetId, {
      currency,
      spent: 0n,
      parentId: isText(parentId) ? parentId : undefined,
    });
    return undefined;
  }

  private add(budgetId: string, currency: string, amount: number): string | undefined {
    const sum = this.sums.get(budgetId);
    if (sum === undefined) return `budget “${budgetId}” was never created`;
    if (sum.currency !== currency) return `budget “${budgetId}” is in ${sum.currency}`;
    if (amount !== 0) sum.spent += BigInt(amount);
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A whole number of micros that is not negative. */
function micros(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
