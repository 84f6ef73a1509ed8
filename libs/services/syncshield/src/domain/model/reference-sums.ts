import type { CapInput } from '../caps.js';
import { bucketOf } from './reference-time.js';
import {
  heldBy,
  isCounted,
  limitOf,
  rateUsed,
  spentBy,
  type Counted,
  type Fact,
  type ReferenceBudget,
  type ReferenceCap,
} from './reference-facts.js';

/** A cap and the budget it belongs to. */
export interface Place {
  readonly budget: ReferenceBudget;
  readonly cap: ReferenceCap;
}

/** A cap that has seen nothing yet. */
export function newCap(input: CapInput): ReferenceCap {
  return { id: input.id, input, approvals: [], limits: [{ fromMs: 0, limit: input.limit }] };
}

/** What a cap counts in the slot of `slotMs`, asked at `nowMs`. */
export function counted(
  facts: readonly Fact[],
  { budget, cap }: Place,
  slotMs: number,
  nowMs: number,
): Counted {
  if (cap.input.kind === 'rate') return { spent: rateUsed(cap, nowMs), held: 0n };
  if (cap.input.kind === 'sliding_window')
    return countedInWindow(facts, { budget, cap }, slotMs, nowMs);
  let spent = 0n;
  let held = 0n;
  for (const fact of facts) {
    if (!fact.path.includes(budget) || !isCounted(cap.input, fact.atMs, slotMs, nowMs)) continue;
    if (cap.input.measure === 'actions') spent += fact.isApproved ? 1n : 0n;
    else {
      spent += spentBy(fact);
      held += heldBy(fact);
    }
  }
  return { spent, held };
}

/** What comes back counts only against what was spent in the same bucket. */
function countedInWindow(
  facts: readonly Fact[],
  { budget, cap: { input } }: Place,
  slotMs: number,
  nowMs: number,
): Counted {
  const buckets = new Map<number, Counted>();
  for (const fact of facts) {
    if (!fact.path.includes(budget) || !isCounted(input, fact.atMs, slotMs, nowMs)) continue;
    const bucket = bucketOf(fact.atMs, input.windowMs ?? 0);
    const { spent, held } = buckets.get(bucket) ?? { spent: 0n, held: 0n };
    const action = fact.isApproved ? 1n : 0n;
    const change = input.measure === 'actions' ? action : spentBy(fact);
    const kept = input.measure === 'actions' ? 0n : heldBy(fact);
    buckets.set(bucket, { spent: spent + change, held: held + kept });
  }
  const all = [...buckets.values()];
  return {
    spent: all.reduce((sum, { spent }) => sum + (spent > 0n ? spent : 0n), 0n),
    held: all.reduce((sum, { held }) => sum + held, 0n),
  };
}

/** What a cap has room for. */
export function roomOf(facts: readonly Fact[], place: Place, nowMs: number): bigint {
  const { spent, held } = counted(facts, place, nowMs, nowMs);
  const room = limitOf(place.cap.input) - (spent > 0n ? spent : 0n) - held;
  return room > 0n ? room : 0n;
}

/** How far the cap that is exceeded most is above, of those that count what was spent then. */
export function worstOver(
  facts: readonly Fact[],
  path: readonly ReferenceBudget[],
  slotMs: number,
  nowMs: number,
): bigint {
  let worst = 0n;
  for (const place of moneyPlaces(path)) {
    const { input } = place.cap;
    if (!isCounted(input, slotMs, slotMs, nowMs)) continue;
    const { spent, held } = counted(facts, place, slotMs, nowMs);
    const over = spent + held - limitOf(input);
    if (over > worst) worst = over;
  }
  return worst;
}

/** The caps of a budget after a change: what counts alike goes on, the rest begins with the past. */
export function replacedCaps(
  facts: readonly Fact[],
  budget: ReferenceBudget,
  inputs: readonly CapInput[],
  nowMs: number,
): ReferenceCap[] {
  return inputs.map((input) => {
    const old = budget.caps.find(
      ({ id, input: before }) => id === input.id && isAlike(before, input),
    );
    if (old === undefined) return withPast(facts, budget, newCap(input), nowMs);
    if (old.input.limit !== input.limit) old.limits.push({ fromMs: nowMs, limit: input.limit });
    old.input = input;
    return old;
  });
}

function isAlike(a: CapInput, b: CapInput): boolean {
  const keys = ['kind', 'measure', 'timeZone', 'windowMs'] as const;
  return keys.every((key) => a[key] === b[key]);
}

/** A new rate has seen what its window approved, as far as its burst goes. */
function withPast(
  facts: readonly Fact[],
  budget: ReferenceBudget,
  cap: ReferenceCap,
  nowMs: number,
): ReferenceCap {
  const { kind, windowMs = 0, measure } = cap.input;
  if (kind !== 'rate') return cap;
  for (const { path, atMs, isApproved, grantedMicros } of facts) {
    if (!isApproved || !path.includes(budget) || atMs < nowMs - windowMs) continue;
    const amount = measure === 'actions' ? 1n : grantedMicros;
    cap.approvals.push({ atMs, amount, brim: limitOf(cap.input) });
  }
  return cap;
}

function moneyPlaces(path: readonly ReferenceBudget[]): Place[] {
  return path
    .flatMap((budget) => budget.caps.map((cap) => ({ budget, cap })))
    .filter(({ cap: { input } }) => input.measure === 'micros' && input.kind !== 'rate');
}
