import { UnusableInput, type Findings } from './finding.js';
import type { RecomputedBudget } from './ledger-rules.js';

/** What somebody says that a budget has spent, with everything below it. */
export interface StatedBudget {
  readonly budgetId: string;
  readonly currency: string;
  readonly spentMicros: bigint;
}

/**
 * Reads budgets from JSON: a list, or an object with the list in `items` or `budgets`; each with
 * `id` or `budgetId`, `currency` and `spentMicros`. @throws UnusableInput
 */
export function readStatement(json: string): StatedBudget[] {
  const value = JSON.parse(json) as { items?: unknown; budgets?: unknown } | unknown[];
  const list = Array.isArray(value) ? value : (value.items ?? value.budgets);
  if (!Array.isArray(list)) throw new UnusableInput('The statement has no list of budgets.');
  return list.map((item, index) => {
    const { id, budgetId = id, currency, spentMicros } = (item ?? {}) as Record<string, unknown>;
    const isWhole = Number.isSafeInteger(spentMicros);
    if (typeof budgetId === 'string' && typeof currency === 'string' && isWhole) {
      return { budgetId, currency, spentMicros: BigInt(spentMicros as number) };
    }
    throw new UnusableInput(`Item ${index} of the statement needs id, currency, spentMicros.`);
  });
}

/** Compares a statement with what the log says. */
export function compareStatement(
  stated: readonly StatedBudget[],
  recomputed: readonly RecomputedBudget[],
  findings: Findings,
): void {
  const known = new Map(recomputed.map((budget) => [budget.budgetId, budget]));
  for (const { budgetId, currency, spentMicros } of stated) {
    const found = known.get(budgetId);
    if (found?.spentMicros === spentMicros && found.currency === currency) continue;
    const log = found === undefined ? 'no such budget' : `${found.spentMicros} ${found.currency}`;
    findings.add(
      'statement',
      `Budget “${budgetId}”: the statement says ${spentMicros} ${currency}, the log ${log}.`,
    );
  }
}
