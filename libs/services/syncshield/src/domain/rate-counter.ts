import type { Cap } from './budget.js';
import {
  CapCounter,
  Cell,
  type CounterChanges,
  type CounterReads,
  type CounterRow,
  type Usage,
} from './cap-counter.js';
import { MIN_WINDOW_MS, WHOLE_SLOT } from './cap-window.js';

/**
 * A token bucket in exact integers: what is used falls by `limit` per `windowMs` and never rises
 * above the burst, so that in any time t at most burst + limit × t / windowMs is approved. Only
 * approvals count, and nothing gives them back. Source: the token bucket of RFC 2698 §3 with one
 * rate.
 */
export class RateCounter extends CapCounter {
  private readonly cell = new Cell(WHOLE_SLOT);
  private readonly windowMs: number;
  private isKnown = false;

  constructor(tenant: string, cap: Cap) {
    super(tenant, cap);
    this.windowMs = cap.windowMs ?? MIN_WINDOW_MS;
  }

  override reads(): CounterReads {
    return { slots: this.isKnown ? [] : [WHOLE_SLOT] };
  }

  override load(row: CounterRow): void {
    this.cell.load(row);
    this.isKnown = true;
  }

  override loaded(): void {
    this.isKnown = true;
  }

  /** What is used up, rounded up: a token that is not whole yet is not there. */
  override usage(nowMs: number): Usage {
    const { spent, part } = this.drain(nowMs);
    return { spent: part > 0 ? spent + 1n : spent, held: 0n };
  }

  override approve(nowMs: number, amount: bigint): void {
    const cell = this.drain(nowMs);
    cell.spent += this.cap.measure === 'actions' ? 1n : amount;
    cell.isTouched = true;
  }

  override move(): void {
    // A rate counts approvals only.
  }

  override allowExcess(): bigint {
    return 0n;
  }

  override collect(into: CounterChanges): void {
    this.cell.collect(this.tenant, this.cap, into);
  }

  override committed(): void {
    this.cell.committed(this.tenant, this.cap);
  }

  private drain(nowMs: number): Cell {
    const { cell, cap, windowMs } = this;
    if (nowMs <= cell.mark) return cell;
    const [spent, part] = drained(cell, nowMs - cell.mark, cap.limit, windowMs);
    cell.spent = spent;
    cell.part = part;
    cell.mark = nowMs;
    return cell;
  }
}

/** What is left used after `elapsedMs`, as whole tokens and parts of 1/windowMs. */
export function drained(
  used: { readonly spent: bigint; readonly part: number },
  elapsedMs: number,
  limit: bigint,
  windowMs: number,
): [spent: bigint, part: number] {
  if (used.spent === 0n && used.part === 0) return [0n, 0];
  const window = BigInt(windowMs);
  const units = used.spent * window + BigInt(used.part) - limit * BigInt(elapsedMs);
  return units <= 0n ? [0n, 0] : [units / window, Number(units % window)];
}
