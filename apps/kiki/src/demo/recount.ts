import { createHash } from 'node:crypto';
import type { DemoPlatform } from './demo-platform.js';
import { BUDGET, type DemoPlan } from './plan.js';
import type { BudgetAnswer, CampaignReportAnswer, DecisionAnswer, HoldAnswer } from './wire.js';

/** A budget recounted from the rows of its holds, beside what its counters say. */
export interface BudgetCount {
  readonly id: string;
  readonly limitMicros: bigint;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  /** Whether a hold was denied because of this budget. */
  readonly exhausted: boolean;
  readonly counters: { readonly spentMicros: bigint; readonly heldMicros: bigint };
}

/** Counts of all decisions, from their rows. */
export interface DecisionCount {
  readonly opportunities: number;
  readonly placed: number;
  readonly noBid: number;
  readonly fallback: number;
  /** SHA-256 over opportunity id, value, price and reason of every decision, in the order of the ids. */
  readonly digest: string;
  /** The same per campaign, as SyncFlow defines it. */
  readonly digestOf: ReadonlyMap<string, string>;
}

/** Where rows are read. */
export interface RecountInput {
  readonly platform: DemoPlatform;
  readonly plan: DemoPlan;
  readonly signal: AbortSignal;
}

/** Reads every hold of every budget and adds up; nothing is taken from a counter but to be compared. */
export async function recountBudgets(input: RecountInput): Promise<BudgetCount[]> {
  const shield = input.platform.api('syncshield');
  const holdsOf = new Map<string, HoldAnswer[]>();
  for (const { id } of input.plan.budgets) {
    const path = `/v1/holds?budgetId=${id}&limit=1000`;
    holdsOf.set(id, await shield.all<HoldAnswer>(path, input.signal));
  }
  const all = [...holdsOf.values()].flat();
  const denying = new Set(
    all.flatMap(({ denial }) => (denial?.capId == null ? [] : denial.budgetId)),
  );
  return Promise.all(
    input.plan.budgets.map(async ({ id, limitMicros }) => {
      const holds = id === BUDGET.root ? all : (holdsOf.get(id) ?? []);
      const own = await shield.get<BudgetAnswer>(`/v1/budgets/${id}`, { signal: input.signal });
      return {
        ...{ id, limitMicros, ...sumOf(holds), exhausted: denying.has(id) },
        counters: { spentMicros: BigInt(own.spentMicros), heldMicros: BigInt(own.heldMicros) },
      };
    }),
  );
}

function sumOf(holds: readonly HoldAnswer[]): { spentMicros: bigint; heldMicros: bigint } {
  let [spentMicros, heldMicros] = [0n, 0n];
  for (const { state, amountMicros, capturedMicros, lateMicros } of holds) {
    spentMicros += BigInt(capturedMicros) + BigInt(lateMicros);
    if (state === 'held') heldMicros += BigInt(amountMicros);
  }
  return { spentMicros, heldMicros };
}

/** Σ max(0, spent + held − limit). */
export function overspendMicros(budgets: readonly BudgetCount[]): bigint {
  return budgets.reduce((sum, { spentMicros, heldMicros, limitMicros }) => {
    const over = spentMicros + heldMicros - limitMicros;
    return over > 0n ? sum + over : sum;
  }, 0n);
}

/** Reads every decision of every campaign and counts. */
export async function recountDecisions(input: RecountInput): Promise<DecisionCount> {
  const flow = input.platform.api('syncflow');
  const digestOf = new Map<string, string>();
  const all: DecisionAnswer[] = [];
  for (const { id } of input.plan.campaigns) {
    const path = `/v1/decisions?campaignId=${id}&limit=1000`;
    const decisions = await flow.all<DecisionAnswer>(path, input.signal);
    digestOf.set(id, decisionsDigest(decisions));
    all.push(...decisions);
  }
  const isNoBid = new Set(['no_bid', 'denied', 'dry_run']);
  return {
    opportunities: all.length,
    placed: all.filter(({ status }) => status === 'placed').length,
    noBid: all.filter(({ status }) => isNoBid.has(status)).length,
    fallback: all.filter(({ valueSource }) => valueSource === 'fallback').length,
    digest: decisionsDigest(all),
    digestOf,
  };
}

/** SHA-256 over what concurrency cannot change: opportunity id, value, price and reason before the hold. */
export function decisionsDigest(
  decisions: readonly Pick<
    DecisionAnswer,
    'opportunityId' | 'valueMicros' | 'priceMicros' | 'reason'
  >[],
): string {
  const hash = createHash('sha256');
  const sorted = decisions.toSorted((a, b) =>
    a.opportunityId < b.opportunityId ? -1 : a.opportunityId > b.opportunityId ? 1 : 0,
  );
  for (const { opportunityId, valueMicros, priceMicros, reason } of sorted) {
    hash.update(`${JSON.stringify(opportunityId)} ${valueMicros} ${priceMicros} ${reason}\n`);
  }
  return hash.digest('hex');
}

/** The 99th percentile of the slowest campaign, from job start to placement; 0 when nothing was placed. */
export function slowestP99(reports: readonly CampaignReportAnswer[]): number {
  return Math.max(0, ...reports.map(({ placeP99Ms }) => placeP99Ms ?? 0));
}
