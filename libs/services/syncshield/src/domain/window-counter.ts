import { enforcedLimit, type Cap } from './budget.js';
import {
  CapCounter,
  Cell,
  type CounterChanges,
  type CounterReads,
  type CounterRow,
  type Instants,
  type Usage,
} from './cap-counter.js';
import { LIVE_SLOT, MIN_WINDOW_MS, ringOf } from './cap-window.js';

/**
 * A sliding window: buckets in a ring of rows that are used again, and a live row with their sum,
 * the first of them and the newest itself, whose own row is written when a newer one begins. A
 * decision reads the live row, the place of the current bucket and those that fall out. What was
 * decided on before the window counts no longer, whatever becomes of it. A bucket in which more
 * came back than was spent counts nothing, so that the window has no more room for it when the
 * bucket leaves.
 */
export class WindowCounter extends CapCounter {
  private readonly bucketMs: number;
  private readonly size: number;
  private readonly live = new Cell(LIVE_SLOT);
  private readonly cells = new Map<number, Cell>();
  private isLiveKnown = false;

  constructor(tenant: string, cap: Cap) {
    super(tenant, cap);
    const ring = ringOf(cap.windowMs ?? MIN_WINDOW_MS);
    this.bucketMs = ring.bucketMs;
    this.size = ring.size;
  }

  override reads(decidedMs: readonly number[], nowMs: number): CounterReads {
    const first = this.firstAt(nowMs);
    const { tail } = this.live;
    const slots = new Set<number>();
    const add = (bucket: number): unknown =>
      bucket !== tail?.bucket && slots.add(this.placeOf(bucket));
    const current = this.bucketOf(nowMs);
    add(current);
    // Where the newest bucket goes now.
    if (tail !== undefined && tail.bucket < current) slots.add(this.placeOf(tail.bucket));
    for (const atMs of decidedMs) {
      const bucket = this.bucketOf(atMs);
      if (bucket >= first) add(bucket);
    }
    if (!this.isLiveKnown) slots.add(LIVE_SLOT);
    else if (first - this.live.mark < this.size) {
      for (let bucket = this.live.mark; bucket < first; bucket++) add(bucket);
    }
    const unknown = [...slots].filter((slot) => !this.cells.has(slot));
    return this.isLiveKnown ? { slots: unknown } : { slots: unknown, fallenBefore: first };
  }

  override load(row: CounterRow): void {
    if (row.slot === LIVE_SLOT) {
      this.live.load(row);
      this.isLiveKnown = true;
    } else this.row(row.slot).load(row);
  }

  override loaded(slots: readonly number[]): void {
    for (const slot of slots) {
      if (slot === LIVE_SLOT) this.isLiveKnown = true;
      else this.row(slot);
    }
  }

  override usage(nowMs: number): Usage {
    return this.roll(nowMs);
  }

  override approve(nowMs: number, amount: bigint): void {
    const isAction = this.cap.measure === 'actions';
    const change = isAction ? { spent: 1n, held: 0n } : { spent: 0n, held: amount };
    this.move({ decidedMs: nowMs, nowMs }, change);
  }

  override move({ decidedMs, nowMs }: Instants, change: Usage): void {
    const live = this.roll(nowMs);
    const bucket = this.bucketOf(decidedMs);
    if (bucket < live.mark) return;
    const was = this.counted(bucket);
    const now = { spent: was.spent + change.spent, held: was.held + change.held };
    live.spent += atLeastNothing(now.spent) - atLeastNothing(was.spent);
    live.held += change.held;
    live.isTouched = true;
    const { tail } = live;
    const isNewest = bucket === this.bucketOf(nowMs) && bucket > (tail?.bucket ?? -1);
    if (isNewest && tail !== undefined) this.put(tail.bucket, tail);
    if (isNewest || bucket === tail?.bucket) live.tail = { bucket, ...now };
    else this.put(bucket, now);
  }

  override allowExcess({ decidedMs, nowMs }: Instants): bigint {
    const live = this.roll(nowMs);
    const bucket = this.bucketOf(decidedMs);
    if (bucket < live.mark) return 0n;
    live.mayExceed = true;
    if (bucket !== live.tail?.bucket) this.cell(bucket).mayExceed = true;
    return live.above(enforcedLimit(this.cap));
  }

  override collect(into: CounterChanges): void {
    this.live.collect(this.tenant, this.cap, into);
    for (const cell of this.cells.values()) cell.collect(this.tenant, this.cap, into);
  }

  override committed(): void {
    this.live.committed(this.tenant, this.cap);
    for (const cell of this.cells.values()) cell.committed(this.tenant, this.cap);
  }

  /** The live row once everything before the window has left it. */
  private roll(nowMs: number): Cell {
    const { live } = this;
    const first = this.firstAt(nowMs);
    if (first - live.mark >= this.size) {
      live.reuse(first);
      return live;
    }
    for (let bucket = live.mark; bucket < first; bucket++) {
      const { spent, held } = this.counted(bucket);
      live.spent -= atLeastNothing(spent);
      live.held -= held;
    }
    if (first > live.mark) live.mark = first;
    if (live.tail !== undefined && live.tail.bucket < first) live.tail = undefined;
    return live;
  }

  /** What a bucket that is in the window counts. */
  private counted(bucket: number): Usage {
    const { tail } = this.live;
    if (tail?.bucket === bucket) return tail;
    const cell = this.cells.get(this.placeOf(bucket));
    return cell?.mark === bucket ? cell : NOTHING;
  }

  /** Writes a bucket's own row, above the limit where real spend has taken it there. */
  private put(bucket: number, { spent, held }: Usage): void {
    const cell = this.cell(bucket);
    cell.spent = spent;
    cell.held = held;
    cell.mayExceed ||= bucket === this.live.tail?.bucket;
    cell.isTouched = true;
  }

  /** The row of a bucket that is in the window; what an older one left in it is overwritten. */
  private cell(bucket: number): Cell {
    const cell = this.row(this.placeOf(bucket));
    if (cell.mark !== bucket) cell.reuse(bucket);
    return cell;
  }

  private row(slot: number): Cell {
    let cell = this.cells.get(slot);
    if (cell === undefined) this.cells.set(slot, (cell = new Cell(slot)));
    return cell;
  }

  private bucketOf(atMs: number): number {
    return Math.floor(atMs / this.bucketMs);
  }

  private firstAt(nowMs: number): number {
    return this.bucketOf(nowMs) - this.size + 1;
  }

  private placeOf(bucket: number): number {
    return bucket % this.size;
  }
}

const NOTHING: Usage = { spent: 0n, held: 0n };

function atLeastNothing(spent: bigint): bigint {
  return spent > 0n ? spent : 0n;
}
