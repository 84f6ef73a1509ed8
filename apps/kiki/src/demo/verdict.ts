import type { BudgetCount, DecisionCount } from './recount.js';
import { BUDGET, SMALL_BUDGETS } from './plan.js';

/** What the win-back journey did. */
export interface RetentionCount {
  readonly atRisk: number;
  readonly heldOut: number;
  readonly suppressed: number;
  readonly messaged: number;
}

/** Everything a verdict is made from. */
export interface VerdictInput {
  readonly overspendMicros: bigint;
  readonly budgets: readonly BudgetCount[];
  readonly decisions: DecisionCount;
  /** SyncFlow's own digest per campaign. */
  readonly digestOf: ReadonlyMap<string, string>;
  readonly expectedOpportunities: number;
  readonly decidedByWorker: readonly [number, number];
  readonly refusedSettlements: number;
  readonly creatives: readonly { readonly passed: boolean; readonly id: string }[];
  readonly retention: RetentionCount;
  /** Mails that the local SMTP server received. */
  readonly mails: number;
}

/** Promises that were not kept, in words; empty when all were. */
export function brokenPromises(input: VerdictInput): string[] {
  return [...moneyFaults(input), ...decisionFaults(input), ...outcomeFaults(input)];
}

function moneyFaults({ overspendMicros, budgets, refusedSettlements }: VerdictInput): string[] {
  const faults: string[] = [];
  if (overspendMicros > 0n) faults.push(`budgets were overspent by ${overspendMicros} micros`);
  for (const { id, spentMicros, heldMicros, exhausted, counters } of budgets) {
    if (heldMicros !== 0n) faults.push(`${id} still holds ${heldMicros} micros`);
    if (counters.spentMicros !== spentMicros || counters.heldMicros !== heldMicros) {
      faults.push(`the counters of ${id} differ from a recount of its holds`);
    }
    if (SMALL_BUDGETS.includes(id) && !exhausted) faults.push(`${id} did not run out`);
  }
  if (!budgets.some(({ exhausted }) => exhausted)) faults.push('no budget ran out');
  if (refusedSettlements > 0) faults.push(`SyncShield refused ${refusedSettlements} settlements`);
  return faults;
}

function decisionFaults(input: VerdictInput): string[] {
  const { decisions, expectedOpportunities, decidedByWorker } = input;
  const { opportunities, placed, noBid, fallback } = decisions;
  const faults: string[] = [];
  if (fallback === 0) faults.push('no bid fell back, although SyncValue was cut off');
  if (opportunities !== placed + noBid) {
    faults.push(`${opportunities} opportunities are not ${placed} placed + ${noBid} without a bid`);
  }
  if (opportunities !== expectedOpportunities) {
    faults.push(`${expectedOpportunities} opportunities were offered, ${opportunities} decided`);
  }
  if (decidedByWorker.some((count) => count === 0)) {
    faults.push(`${BUDGET.raced} was not raced: one of the two workers decided nothing`);
  }
  for (const [campaignId, digest] of input.digestOf) {
    if (decisions.digestOf.get(campaignId) !== digest) {
      faults.push(`SyncFlow's digest of ${campaignId} differs from a recount of its decisions`);
    }
  }
  return faults;
}

function outcomeFaults({ creatives, retention, mails }: VerdictInput): string[] {
  const { atRisk, heldOut, suppressed, messaged } = retention;
  const faults = creatives.filter(({ passed }) => !passed).map(({ id }) => `creative ${id} failed`);
  if (creatives.length === 0) faults.push('no creative was made');
  if (atRisk !== heldOut + suppressed + messaged) {
    faults.push(
      `${atRisk} at risk are not ${heldOut} held out + ${suppressed} suppressed + ${messaged} messaged`,
    );
  }
  if (messaged !== mails)
    faults.push(`${messaged} customers were messaged, ${mails} mails arrived`);
  return faults;
}
