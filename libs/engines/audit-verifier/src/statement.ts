import type { BudgetSums } from './budget-sums.js';
import { UnusableInput, type Findings } from './finding.js';

/** What somebody says that a budget has spent, with everything below it. */
export interface StatedBudget {
  readonly budgetId: string;
  readonly currency: string;
  readonly spentMicros: bigint;
  /** Only what was booked before this instant, ms since the epoch; Infinity: everything. */
  readonly untilMs: number;
}

const EXPECTED =
  'needs budgetId or id, currency, and spentMicros or openingMicros, from, closingMicros and to';

/**
 * Reads what budgets spent from JSON: a statement of SyncShield (`openingMicros` at `from`,
 * `closingMicros` at `to`), or budgets with `spentMicros`; one, a list, or the list in `items` or
 * `budgets` of an object. @throws UnusableInput
 */
export function readStatement(json: string): StatedBudget[] {
  const value = JSON.parse(json) as unknown;
  const { items, budgets = items } = (value ?? {}) as { items?: unknown; budgets?: unknown };
  const list: unknown = Array.isArray(value) ? value : (budgets ?? [value]);
  if (!Array.isArray(list)) throw new UnusableInput('The statement has no list of budgets.');
  return list.flatMap((item, index) => {
    const facts = (item ?? {}) as Record<string, unknown>;
    const stated = 'spentMicros' in facts ? [spentOf(facts)] : boundsOf(facts);
    if (stated.every((of) => of !== undefined)) return stated;
    throw new UnusableInput(`Item ${index} of the statement ${EXPECTED}.`);
  });
}

function spentOf(facts: Record<string, unknown>): StatedBudget | undefined {
  return statedOf(facts, facts['spentMicros'], Infinity);
}

function boundsOf(facts: Record<string, unknown>): (StatedBudget | undefined)[] {
  const { from, to, openingMicros, closingMicros } = facts;
  return [
    statedOf(facts, openingMicros, Date.parse(String(from))),
    statedOf(facts, closingMicros, Date.parse(String(to))),
  ];
}

function statedOf(
  { id, budgetId = id, currency }: Record<string, unknown>,
  micros: unknown,
  untilMs: number,
): StatedBudget | undefined {
  const isWhole = typeof micros === 'number' && Number.isSafeInteger(micros);
  if (typeof budgetId !== 'string' || typeof currency !== 'string') return undefined;
  if (!isWhole || Number.isNaN(untilMs)) return undefined;
  return { budgetId, currency, spentMicros: BigInt(micros), untilMs };
}

/** Compares a statement with what the log says. */
export function compareStatement(
  stated: readonly StatedBudget[],
  sums: BudgetSums,
  findings: Findings,
): void {
  for (const { budgetId, currency, spentMicros, untilMs } of stated) {
    const found = sums.budgets(untilMs).find((budget) => budget.budgetId === budgetId);
    if (found?.spentMicros === spentMicros && found.currency === currency) continue;
    const log = found === undefined ? 'no such budget' : `${found.spentMicros} ${found.currency}`;
    const before = untilMs === Infinity ? '' : ` before ${new Date(untilMs).toISOString()}`;
    findings.add(
      'statement',
      `Budget “${budgetId}”: the statement says ${spentMicros} ${currency}${before}, the log ${log}.`,
    );
  }
}
