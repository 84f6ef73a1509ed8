import type { AcquisitionFacts } from './finding.js';
import { HOUR_MS } from './spend-profile.js';

/** Sums over a window that moves on by hours. */
class MovingSum {
  private readonly hours = new Map<number, bigint>();
  private sum = 0n;
  private later = 0n;
  private firstHour = -Infinity;
  private lastHour = -Infinity;

  constructor(source: ReadonlyMap<number, bigint> = new Map()) {
    for (const [hour, value] of source) this.add(hour, value);
  }

  add(hour: number, value: bigint): void {
    if (hour < this.firstHour) return;
    this.hours.set(hour, (this.hours.get(hour) ?? 0n) + value);
    this.sum += value;
    if (hour > this.lastHour) this.later += value;
  }

  /** What lies between two hours, both included; asked in order of time. */
  between(firstHour: number, lastHour: number): bigint {
    if (firstHour > this.firstHour || lastHour > this.lastHour) this.moveTo(firstHour, lastHour);
    return this.sum - this.later;
  }

  private moveTo(firstHour: number, lastHour: number): void {
    this.firstHour = Math.max(this.firstHour, firstHour);
    this.lastHour = lastHour;
    this.later = 0n;
    for (const [hour, value] of this.hours) {
      if (hour > lastHour) this.later += value;
      if (hour >= this.firstHour) continue;
      this.sum -= value;
      this.hours.delete(hour);
    }
  }
}

/** Spend and acquisitions of decisions that are replayed, by budget and hour. */
export class ReplayedSpend {
  private readonly spent = new Map<bigint, Map<number, bigint>>();
  private readonly acquired = new Map<bigint, Map<number, bigint>>();
  private readonly windows = new Map<string, { spent: MovingSum; acquired: MovingSum }>();
  private readonly ofBudget = new Map<bigint, Set<MovingSum>>();

  loadAcquisitions(budgetNo: bigint, hour: number, count: number): void {
    put(this.acquired, budgetNo, hour, BigInt(count));
  }

  /** Money of a hold that was decided at that instant. */
  add(budgetNo: bigint, atMs: number, micros: bigint): void {
    const hour = Math.floor(atMs / HOUR_MS);
    put(this.spent, budgetNo, hour, micros);
    for (const sum of this.ofBudget.get(budgetNo) ?? []) sum.add(hour, micros);
  }

  /** What a rule of that window would have known. */
  factsOf(ruleId: string, budgetNo: bigint, windowMs: number, nowMs: number): AcquisitionFacts {
    const window = this.windowOf(ruleId, budgetNo);
    const firstHour = Math.ceil((nowMs - windowMs) / HOUR_MS);
    const lastHour = Math.floor(nowMs / HOUR_MS);
    return {
      spentMicros: window.spent.between(firstHour, lastHour),
      heldMicros: 0n,
      acquisitions: Number(window.acquired.between(firstHour, lastHour)),
      fromMs: firstHour * HOUR_MS,
    };
  }

  private windowOf(ruleId: string, budgetNo: bigint): { spent: MovingSum; acquired: MovingSum } {
    const key = `${budgetNo} ${ruleId}`;
    let window = this.windows.get(key);
    if (window === undefined) {
      const spent = new MovingSum(this.spent.get(budgetNo));
      window = { spent, acquired: new MovingSum(this.acquired.get(budgetNo)) };
      this.windows.set(key, window);
      const sums = this.ofBudget.get(budgetNo) ?? new Set();
      this.ofBudget.set(budgetNo, sums.add(spent));
    }
    return window;
  }
}

function put(
  into: Map<bigint, Map<number, bigint>>,
  budgetNo: bigint,
  hour: number,
  value: bigint,
): void {
  const hours = into.get(budgetNo) ?? new Map<number, bigint>();
  hours.set(hour, (hours.get(hour) ?? 0n) + value);
  into.set(budgetNo, hours);
}
