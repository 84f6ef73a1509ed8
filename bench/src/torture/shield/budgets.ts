import type { SeededRandom } from '@kiki/kernel';
import type { Caller } from './caller.js';

export const CURRENCY = 'EUR';

const MANY = 1_000_000_000_000;

/** The trees of one round: every kind of cap; some never run out, some at once, some by late spend. */
export const BUDGETS = [
  { id: 'root', caps: [{ kind: 'total', limitMicros: MANY }] },
  { id: 'wide', parentId: 'root', caps: [{ kind: 'calendar_month', limitMicros: MANY }] },
  { id: 'tight', parentId: 'root', caps: [{ kind: 'total', limitMicros: 40_000_000 }] },
  { id: 'daily', parentId: 'root', caps: [{ kind: 'calendar_day', limitMicros: 60_000_000 }] },
  {
    id: 'window',
    parentId: 'root',
    caps: [{ kind: 'sliding_window', windowMs: 5_000, limitMicros: 3_000_000 }],
  },
  { id: 'few', parentId: 'root', caps: [{ kind: 'total', limitActions: 400 }] },
  { id: 'lone', caps: [{ kind: 'total', limitMicros: 80_000_000 }] },
  { id: 'breach', caps: [{ kind: 'total', limitMicros: 5_000_000 }] },
] as const;

export type BudgetId = (typeof BUDGETS)[number]['id'];

const SPENDING: readonly BudgetId[] = [
  'wide',
  'wide',
  'wide',
  'wide',
  'tight',
  'daily',
  'window',
  'few',
  'lone',
  'lone',
  'breach',
];

/** A budget to spend on. */
export function anyBudget(random: SeededRandom): BudgetId {
  return SPENDING[random.nextInt(SPENDING.length)]!;
}

/** Budgets on which spend above the hold is tried: a breach pauses them. */
export function mayBreach(id: string): boolean {
  return id === 'wide' || id === 'breach';
}

/** Creates the trees for a tenant. */
export async function createBudgets(caller: Caller, tenant: string): Promise<void> {
  for (const budget of BUDGETS) {
    const body = { ...budget, name: budget.id, currency: CURRENCY };
    const { status } = await caller.insist(tenant, '/v1/budgets', body);
    if (status !== 200) throw new Error(`budget ${budget.id} was refused with ${status}`);
  }
}
