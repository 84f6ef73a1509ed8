import { isCallers, withoutNo, type Budget, type BudgetTree } from '../budget.js';
import type { CapInput } from '../caps.js';
import { treeOf } from './memory-shard.js';
import { capsOf, startOf, type Draw } from './model-draws.js';

/** A root, two budgets below it, and a leaf: by place, who is above. */
const PARENTS = [undefined, 0, 0, 1] as const;
/** Most caps of one budget. */
const CAPS = 3;
/** Draws that set up a run. */
export const SETUP_DRAWS = 1 + PARENTS.length * CAPS;

/** How a run begins. */
export interface ModelSetup {
  readonly tree: BudgetTree;
  readonly nowMs: number;
  /** Whether a shard in memory keeps its counters between transactions. */
  readonly keepsCounters: boolean;
}

/** @param setup SETUP_DRAWS draws: the clock and how counters are kept, then the caps */
export function setupOf(setup: readonly Draw[]): ModelSetup {
  const [first = []] = setup;
  const [start = 0, keeps = 0, ...counts] = first;
  const nodes = PARENTS.map((parent, index) => {
    const from = 1 + index * CAPS;
    const caps = capsOf(setup.slice(from, from + ((counts[index] ?? 0) % (CAPS + 1))));
    return { caps, ...(parent === undefined ? {} : { parent }) };
  });
  return { tree: treeOf(nodes), nowMs: startOf(start), keepsCounters: keeps % 2 === 0 };
}

/** The caps of a budget without the meter, as a caller sets them. */
export function callersCaps({ caps }: Budget): CapInput[] {
  return caps.filter(isCallers).map(withoutNo);
}
