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
import { slotAt } from './cap-window.js';

const QUARTER_MS = 900_000;
/** Slots that a kept counter remembers; days come and go. */
const MAX_CELLS = 64;

/** A total or a calendar cap: one row per slot, for ever. */
export class SlotCounter extends CapCounter {
  private readonly cells = new Map<number, Cell>();
  private quarter = NaN;
  private slot = 0;
  private readonly isWhole: boolean;

  constructor(tenant: string, cap: Cap) {
    super(tenant, cap);
    this.isWhole = cap.kind === 'total' || cap.kind === 'meter';
  }

  override reads(decidedMs: readonly number[], nowMs: number): CounterReads {
    const slots = new Set([this.slotOf(nowMs)]);
    for (const atMs of decidedMs) slots.add(this.slotOf(atMs));
    return { slots: [...slots].filter((slot) => !this.cells.has(slot)) };
  }

  override load(row: CounterRow): void {
    this.cell(row.slot).load(row);
  }

  override loaded(slots: readonly number[]): void {
    for (const slot of slots) this.cell(slot);
  }

  override usage(nowMs: number): Usage {
    return this.cell(this.slotOf(nowMs));
  }

  override approve(nowMs: number, amount: bigint): void {
    const cell = this.cell(this.slotOf(nowMs));
    if (this.cap.measure === 'actions') cell.spent += 1n;
    else cell.held += amount;
    cell.isTouched = true;
  }

  override move({ decidedMs }: Instants, change: Usage): void {
    const cell = this.cell(this.slotOf(decidedMs));
    cell.spent += change.spent;
    cell.held += change.held;
    cell.isTouched = true;
  }

  override allowExcess({ decidedMs }: Instants): bigint {
    const cell = this.cell(this.slotOf(decidedMs));
    cell.mayExceed = true;
    return cell.above(enforcedLimit(this.cap));
  }

  override collect(into: CounterChanges): void {
    for (const cell of this.cells.values()) cell.collect(this.tenant, this.cap, into);
  }

  override committed(): void {
    for (const cell of this.cells.values()) cell.committed(this.tenant, this.cap);
    if (this.cells.size > MAX_CELLS) this.cells.clear();
  }

  /** Days begin on quarter hours everywhere, so one look-up serves the whole quarter. */
  private slotOf(atMs: number): number {
    if (this.isWhole) return 0;
    const quarter = Math.floor(atMs / QUARTER_MS);
    if (quarter !== this.quarter) {
      this.quarter = quarter;
      this.slot = slotAt(this.cap, atMs);
    }
    return this.slot;
  }

  private cell(slot: number): Cell {
    let cell = this.cells.get(slot);
    if (cell === undefined) this.cells.set(slot, (cell = new Cell(slot)));
    return cell;
  }
}
