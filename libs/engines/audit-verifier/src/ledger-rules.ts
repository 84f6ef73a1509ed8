import type { BudgetSums } from './budget-sums.js';
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

  constructor(private readonly sums: BudgetSums) {}

  /** Applies a record; returns what it breaks. */
  apply(record: ParsedRecord): string | undefined {
    const { action } = record;
    if (DECISIONS.has(action)) return this.decide(record);
    if (SETTLEMENTS.has(action)) return this.settle(record);
    if (action === 'entry.recorded') return this.enter(record);
    if (action === 'budget.created') return this.create(record);
    return undefined;
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
    return this.sums.add(budgetId, currency, 0, record.atMs);
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
    const amount = captured + late - refunded;
    const broken = this.sums.add(hold.budgetId, hold.currency, amount, record.atMs);
    if (hold.captured > (hold.isApproved ? hold.amount : 0)) {
      return `more was captured of hold “${String(holdId)}” than was approved`;
    }
    if (hold.refunded > hold.captured + hold.late) {
      return `more came back of hold “${String(holdId)}” than was spent`;
    }
    return broken;
  }

  private enter(record: ParsedRecord): string | undefined {
    const { entryId, budgetId, currency, amountMicros } = record;
    const isWhole = typeof amountMicros === 'number' && Number.isSafeInteger(amountMicros);
    if (!isText(entryId) || !isText(budgetId) || !isText(currency) || !isWhole) {
      return 'an entry needs entryId, budgetId, currency and amountMicros';
    }
    if (this.entries.has(entryId)) return `entry “${entryId}” is recorded twice`;
    this.entries.add(entryId);
    return this.sums.add(budgetId, currency, amountMicros, record.atMs);
  }

  private create({ budgetId, after }: ParsedRecord): string | undefined {
    const { parentId, currency } = (after ?? {}) as Record<string, unknown>;
    if (!isText(budgetId) || !isText(currency)) return 'a new budget needs budgetId and currency';
    const isNew = this.sums.create(budgetId, currency, isText(parentId) ? parentId : undefined);
    return isNew ? undefined : `budget “${budgetId}” is created twice`;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A whole number of micros that is not negative. */
function micros(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
