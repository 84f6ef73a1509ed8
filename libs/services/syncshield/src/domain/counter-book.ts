import type { Cap } from './budget.js';
import { bucketsOfWindow, LIVE_SLOT, slotAt } from './cap-window.js';

/** What a cap has counted in one slot, as stored. */
export interface CounterRow {
  readonly tenant: string;
  readonly capNo: bigint;
  readonly slot: bigint;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly limitMicros: bigint;
  readonly excessMicros: bigint;
}

/** What a cap counts right now. */
export interface Usage {
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
}

interface Cell {
  spent: bigint;
  held: bigint;
  excess: bigint;
  /** Undefined when the row does not exist yet. */
  readonly stored: CounterRow | undefined;
  mayExceed: boolean;
  isTouched: boolean;
}

interface CapCells {
  readonly cap: Cap;
  readonly tenant: string;
  readonly cells: Map<bigint, Cell>;
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * The counters that one transaction works on. It remembers what it was given, so that writing
 * sends differences and the CHECK of the table judges their sum: a transaction that worked on
 * stale counters fails instead of overspending.
 */
export class CounterBook {
  private readonly caps = new Map<bigint, CapCells>();

  /** Takes a stored row in; rows that do not exist count as zero. */
  load(cap: Cap, row: CounterRow): void {
    this.cellsOf(row.tenant, cap).cells.set(row.slot, {
      spent: row.spentMicros,
      held: row.heldMicros,
      excess: row.excessMicros,
      stored: row,
      mayExceed: false,
      isTouched: false,
    });
  }

  /** What the cap counts at `nowMs`: its day, its window, or everything. */
  usage(tenant: string, cap: Cap, nowMs: number): Usage {
    const cell = this.liveCell(tenant, cap, nowMs);
    return { spentMicros: cell.spent, heldMicros: cell.held };
  }

  /** Moves the counters of a cap for money whose hold was decided at `decidedMs`. */
  add(tenant: string, cap: Cap, at: { decidedMs: number; nowMs: number }, change: Usage): void {
    const slot = slotAt(cap, at.decidedMs);
    const touched = [this.cell(tenant, cap, slot)];
    if (cap.kind === 'sliding_window') {
      const live = this.liveCell(tenant, cap, at.nowMs);
      live.isTouched = true;
      if (slot >= bucketsOfWindow(cap, slotAt(cap, at.nowMs)).first) touched.push(live);
    }
    for (const cell of touched) {
      cell.spent += change.spentMicros;
      cell.held += change.heldMicros;
      cell.isTouched = true;
    }
  }

  /**
   * Lets the counters of that slot stand above the limit (late spend), and says by how much the
   * worst window that contains the slot is above now.
   */
  allowExcess(tenant: string, cap: Cap, at: { decidedMs: number; nowMs: number }): bigint {
    const slot = slotAt(cap, at.decidedMs);
    const cell = this.cell(tenant, cap, slot);
    cell.mayExceed = true;
    if (cap.kind !== 'sliding_window') return max(0n, cell.spent + cell.held - cap.limitMicros);
    this.liveCell(tenant, cap, at.nowMs).mayExceed = true;
    const lastEnd = min(slotAt(cap, at.nowMs), slot + (slot - bucketsOfWindow(cap, slot).first));
    let worst = 0n;
    for (let end = slot; end <= lastEnd; end++) {
      const sum = this.sum(tenant, cap, end);
      worst = max(worst, sum.spentMicros + sum.heldMicros);
    }
    return max(0n, worst - cap.limitMicros);
  }

  /** Rows to insert, and differences to add to rows that exist. */
  changes(): { inserts: CounterRow[]; updates: CounterRow[] } {
    const inserts: CounterRow[] = [];
    const updates: CounterRow[] = [];
    for (const { cap, tenant, cells } of this.caps.values()) {
      for (const [slot, cell] of cells) {
        if (!cell.isTouched) continue;
        const row = { tenant, capNo: cap.capNo, slot, limitMicros: cap.limitMicros };
        const now = { ...row, ...amounts(cell, excessOf(cap, cell)) };
        if (cell.stored === undefined) inserts.push(now);
        else updates.push(difference(now, cell.stored));
      }
    }
    return { inserts, updates };
  }

  private sum(tenant: string, cap: Cap, endBucket: bigint): Usage {
    const { first, last } = bucketsOfWindow(cap, endBucket);
    let spentMicros = 0n;
    let heldMicros = 0n;
    for (const [slot, cell] of this.cellsOf(tenant, cap).cells) {
      if (slot === LIVE_SLOT || slot < first || slot > last) continue;
      spentMicros += cell.spent;
      heldMicros += cell.held;
    }
    return { spentMicros, heldMicros };
  }

  private readonly rolled = new Set<bigint>();

  private liveCell(tenant: string, cap: Cap, nowMs: number): Cell {
    if (cap.kind !== 'sliding_window') return this.cell(tenant, cap, slotAt(cap, nowMs));
    const live = this.cell(tenant, cap, LIVE_SLOT);
    if (!this.rolled.has(cap.capNo)) {
      this.rolled.add(cap.capNo);
      const sum = this.sum(tenant, cap, slotAt(cap, nowMs));
      live.spent = sum.spentMicros;
      live.held = sum.heldMicros;
    }
    return live;
  }

  private cell(tenant: string, cap: Cap, slot: bigint): Cell {
    const { cells } = this.cellsOf(tenant, cap);
    let cell = cells.get(slot);
    if (cell === undefined) {
      cell = {
        spent: 0n,
        held: 0n,
        excess: 0n,
        stored: undefined,
        mayExceed: false,
        isTouched: false,
      };
      cells.set(slot, cell);
    }
    return cell;
  }

  private cellsOf(tenant: string, cap: Cap): CapCells {
    let found = this.caps.get(cap.capNo);
    if (found === undefined) {
      found = { cap, tenant, cells: new Map() };
      this.caps.set(cap.capNo, found);
    }
    return found;
  }
}

function excessOf(cap: Cap, cell: Cell): bigint {
  const above = max(0n, cell.spent + cell.held - cap.limitMicros);
  return cell.mayExceed ? above : min(cell.excess, above);
}

function amounts(
  cell: Cell,
  excessMicros: bigint,
): { spentMicros: bigint; heldMicros: bigint; excessMicros: bigint } {
  return { spentMicros: cell.spent, heldMicros: cell.held, excessMicros };
}

function difference(now: CounterRow, stored: CounterRow): CounterRow {
  return {
    ...now,
    spentMicros: now.spentMicros - stored.spentMicros,
    heldMicros: now.heldMicros - stored.heldMicros,
    excessMicros: now.excessMicros - stored.excessMicros,
  };
}
