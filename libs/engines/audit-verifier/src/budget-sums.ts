/** What a budget spent, as the log says. */
export interface RecomputedBudget {
  readonly budgetId: string;
  readonly currency: string;
  /** By its own holds and entries. */
  readonly ownMicros: bigint;
  /** With everything below it. */
  readonly spentMicros: bigint;
}

interface KnownBudget {
  readonly currency: string;
  readonly parentId: string | undefined;
}

/** Sums of what budgets spent: in all, and before some instants that a statement speaks of. */
export class BudgetSums {
  private readonly known = new Map<string, KnownBudget>();
  private readonly own = new Map<number, Map<string, bigint>>([[Infinity, new Map()]]);

  /** @param instants ms since the epoch, each exclusive */
  constructor(instants: readonly number[]) {
    for (const untilMs of instants) this.own.set(untilMs, new Map());
  }

  /** Adds a budget; false when it is known. */
  create(budgetId: string, currency: string, parentId: string | undefined): boolean {
    if (this.known.has(budgetId)) return false;
    this.known.set(budgetId, { currency, parentId });
    return true;
  }

  /** Adds an amount, negative when it came back; returns what is wrong with it. */
  add(budgetId: string, currency: string, amount: number, atMs: number): string | undefined {
    const known = this.known.get(budgetId);
    if (known === undefined) return `budget “${budgetId}” was never created`;
    if (known.currency !== currency) return `budget “${budgetId}” is in ${known.currency}`;
    if (amount === 0) return undefined;
    for (const [untilMs, sums] of this.own) {
      if (atMs < untilMs) sums.set(budgetId, (sums.get(budgetId) ?? 0n) + BigInt(amount));
    }
    return undefined;
  }

  /** What every budget spent before an instant, by its id. */
  budgets(untilMs = Infinity): RecomputedBudget[] {
    const own = this.own.get(untilMs) ?? new Map<string, bigint>();
    const totals = new Map<string, bigint>();
    for (const [budgetId, spent] of own) {
      for (const above of this.path(budgetId)) totals.set(above, (totals.get(above) ?? 0n) + spent);
    }
    return [...this.known]
      .map(([budgetId, { currency }]) => ({
        ...{ budgetId, currency, ownMicros: own.get(budgetId) ?? 0n },
        spentMicros: totals.get(budgetId) ?? 0n,
      }))
      .sort((a, b) => (a.budgetId < b.budgetId ? -1 : 1));
  }

  /** The budget and everything above it; ends where a forged log would go round. */
  private path(budgetId: string): Set<string> {
    const path = new Set<string>();
    let at: string | undefined = budgetId;
    while (at !== undefined && !path.has(at)) {
      path.add(at);
      at = this.known.get(at)?.parentId;
    }
    return path;
  }
}
