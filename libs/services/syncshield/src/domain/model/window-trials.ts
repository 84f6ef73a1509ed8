import { CapDesk } from './cap-desk.js';
import { below, gapMs, type TrialRandom, type TrialReport } from './trial.js';

/** What one trial of a sliding window or a rate is about. */
export interface TrialShape {
  readonly events: number;
  readonly windowMs: number;
  /** Micros, small enough that sums are exact in doubles. */
  readonly limit: number;
  /** Of a rate. */
  readonly burst?: number;
  /** The largest amount of one hold. */
  readonly most: number;
}

interface Approved {
  readonly atMs: number;
  /** What counts of it; a capture lowers it. */
  micros: number;
  isSettled: boolean;
}

const START_MS = Date.UTC(2026, 5, 15);
const FORGET_EVERY = 500;

/**
 * Random holds and captures on a sliding window. Above: an approval after which the last
 * `windowMs` hold more than the limit, by adding up every approval in them; any window has its
 * most right after an approval, so none is ever above. Too strict: a denial that a window longer by
 * 1/120 would not have given.
 */
export function windowTrial(random: TrialRandom, shape: TrialShape): TrialReport {
  const { windowMs, limit, most, events } = shape;
  const desk = new CapDesk({
    ...{ id: 'w', kind: 'sliding_window', measure: 'micros', limit: BigInt(limit), windowMs },
  });
  const history: Approved[] = [];
  const report = { events, approved: 0, denied: 0, above: 0, tooStrict: 0 };
  let nowMs = START_MS + below(random, windowMs);
  for (let event = 0; event < events; event++) {
    nowMs += gapMs(random, Math.ceil(windowMs / 200), 2 * windowMs);
    if (event % FORGET_EVERY === 0) desk.forget();
    if (random.nextInt(4) === 0) {
      settleOne(desk, random, history, nowMs);
      continue;
    }
    const amount = 1 + random.nextInt(most);
    if (desk.hold(BigInt(amount), nowMs)) {
      history.push({ atMs: nowMs, micros: amount, isSettled: false });
      report.approved++;
      if (sumSince(history, nowMs - windowMs) > limit) report.above++;
    } else {
      report.denied++;
      if (sumSince(history, nowMs - windowMs - windowMs / 120) + amount <= limit)
        report.tooStrict++;
    }
  }
  return report;
}

/**
 * Random holds on a rate. Above: an approval that ends an interval of any length t in which more
 * than burst + limit × t / windowMs was approved. Too strict: a denial that no such interval gives
 * a reason for.
 */
export function rateTrial(random: TrialRandom, shape: TrialShape): TrialReport {
  const { windowMs, limit, most, events, burst = limit } = shape;
  const desk = new CapDesk({
    ...{ id: 'r', kind: 'rate', measure: 'micros', limit: BigInt(limit), windowMs },
    burst: BigInt(burst),
  });
  const history: Approved[] = [];
  const report = { events, approved: 0, denied: 0, above: 0, tooStrict: 0 };
  let nowMs = START_MS + below(random, windowMs);
  for (let event = 0; event < events; event++) {
    nowMs += gapMs(random, Math.ceil(windowMs / 200), 2 * windowMs);
    if (event % FORGET_EVERY === 0) desk.forget();
    const amount = 1 + random.nextInt(most);
    // Decided before it is counted: what the worst interval would come to with it.
    const wouldBeAbove = worstAbove(history, { nowMs, amount }, { windowMs, limit, burst });
    if (desk.hold(BigInt(amount), nowMs)) {
      history.push({ atMs: nowMs, micros: amount, isSettled: false });
      report.approved++;
      if (wouldBeAbove) report.above++;
    } else {
      report.denied++;
      if (!wouldBeAbove) report.tooStrict++;
    }
  }
  return report;
}

function settleOne(
  desk: CapDesk,
  random: TrialRandom,
  history: readonly Approved[],
  nowMs: number,
): void {
  const one = history[Math.max(0, history.length - 1 - random.nextInt(100))];
  if (one === undefined || one.isSettled) return;
  const spent = random.nextInt(one.micros + 1);
  desk.settle(BigInt(one.micros), BigInt(spent), { decidedMs: one.atMs, nowMs });
  one.micros = spent;
  one.isSettled = true;
}

/** Everything approved after an instant, one by one. */
function sumSince(history: readonly Approved[], afterMs: number): number {
  let sum = 0;
  for (let index = history.length - 1; index >= 0; index--) {
    const one = history[index];
    if (one === undefined || one.atMs <= afterMs) break;
    sum += one.micros;
  }
  return sum;
}

/** Whether some interval that ends now would hold too much with one more; all are tried. */
function worstAbove(
  history: readonly Approved[],
  { nowMs, amount }: { readonly nowMs: number; readonly amount: number },
  { windowMs, limit, burst }: Required<Pick<TrialShape, 'windowMs' | 'limit' | 'burst'>>,
): boolean {
  let sum = amount;
  if (sum > burst) return true;
  for (let index = history.length - 1; index >= 0; index--) {
    const one = history[index];
    if (one === undefined) break;
    sum += one.micros;
    if (sum * windowMs > burst * windowMs + limit * (nowMs - one.atMs)) return true;
  }
  return false;
}
