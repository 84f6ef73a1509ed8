import { enforcedLimit, type Cap } from './budget.js';

/** The newest bucket of a window: its live row keeps it, so that most decisions write one row. */
export interface Tail {
  readonly bucket: number;
  readonly spent: bigint;
  readonly held: bigint;
}

/** What a cap has counted in one row, as stored; amounts are in the measure of the cap. */
export interface CounterRow {
  readonly tenant: string;
  readonly capNo: number;
  /** The slot of a total or a calendar; of a window the place in its ring, or LIVE_SLOT. */
  readonly slot: number;
  readonly spent: bigint;
  readonly held: bigint;
  readonly limit: bigint;
  readonly excess: bigint;
  /** Of a bucket its number; of a live row the first bucket it covers; of a rate its instant, ms. */
  readonly mark: number;
  /** Of a rate what `spent` leaves over, in 1/windowMs of the measure. */
  readonly part: number;
  /** Of a live row the newest bucket, whose own row is out of date. */
  readonly tail?: Tail;
}

/** A row that exists: differences of spent, held and excess; all else as it shall be. */
export interface CounterUpdate extends CounterRow {
  /** The mark it was read with. */
  readonly wasMark: number;
}

/**
 * What a cap counts right now, in its measure; `spent` is negative when more came back than was
 * spent.
 */
export interface Usage {
  readonly spent: bigint;
  readonly held: bigint;
}

/** When money was decided on (its slot), and now. */
export interface Instants {
  readonly decidedMs: number;
  readonly nowMs: number;
}

/** What has to be written of counters. */
export interface CounterChanges {
  readonly inserts: CounterRow[];
  readonly updates: CounterUpdate[];
}

/** Which rows a counter has to read before it can be asked. */
export interface CounterReads {
  readonly slots: readonly number[];
  /** Also the buckets that left the window: from the stored first one up to this (exclusive). */
  readonly fallenBefore?: number;
}

/** One row in memory: what it counts now, and what is stored. */
export class Cell {
  spent = 0n;
  held = 0n;
  mark = 0;
  part = 0;
  mayExceed = false;
  isTouched = false;
  tail: Tail | undefined;
  private excess = 0n;
  private stored: CounterRow | undefined;

  constructor(readonly slot: number) {}

  load(row: CounterRow): void {
    this.stored = row;
    this.spent = row.spent;
    this.held = row.held;
    this.excess = row.excess;
    this.mark = row.mark;
    this.part = row.part;
    this.tail = row.tail;
  }

  /** Starts at nothing for another bucket, in the same row. */
  reuse(mark: number): void {
    this.spent = 0n;
    this.held = 0n;
    this.excess = 0n;
    this.mark = mark;
    this.tail = undefined;
  }

  /** Says what has to be written, if anything. */
  collect(tenant: string, cap: Cap, into: CounterChanges): void {
    if (!this.isTouched) return;
    const row = this.row(tenant, cap);
    const { stored } = this;
    if (stored === undefined) into.inserts.push(row);
    else {
      into.updates.push({
        ...row,
        spent: row.spent - stored.spent,
        held: row.held - stored.held,
        excess: row.excess - stored.excess,
        wasMark: stored.mark,
      });
    }
  }

  /** What was collected is stored now. */
  committed(tenant: string, cap: Cap): void {
    if (!this.isTouched) return;
    this.stored = this.row(tenant, cap);
    this.excess = this.stored.excess;
    this.isTouched = false;
    this.mayExceed = false;
  }

  /** How far it is above a limit. */
  above(limit: bigint): bigint {
    const above = this.spent + this.held - limit;
    return above > 0n ? above : 0n;
  }

  private row(tenant: string, cap: Cap): CounterRow {
    const { slot, spent, held, mark, part, tail } = this;
    const limit = enforcedLimit(cap);
    const above = this.above(limit);
    const excess = this.mayExceed || above < this.excess ? above : this.excess;
    const row = { tenant, capNo: cap.capNo, slot, spent, held, limit, excess, mark, part };
    return tail === undefined ? row : { ...row, tail };
  }
}

/** The counter of one cap. Between `load` and `committed` it works for one transaction. */
export abstract class CapCounter {
  constructor(
    readonly tenant: string,
    public cap: Cap,
  ) {}

  /** Which rows it still has to read for money decided on at these instants, and for now. */
  abstract reads(decidedMs: readonly number[], nowMs: number): CounterReads;
  /** Takes a stored row in. */
  abstract load(row: CounterRow): void;
  /** Rows that were asked for and are not there count nothing. */
  abstract loaded(slots: readonly number[]): void;
  /** What it counts at `nowMs`. */
  abstract usage(nowMs: number): Usage;
  /** Counts an approved hold. */
  abstract approve(nowMs: number, amount: bigint): void;
  /** Moves money that was decided on before; only of caps that follow money. */
  abstract move(at: Instants, change: Usage): void;
  /**
   * Lets the slot stand above the limit (real spend), and says by how much it is above; nothing
   * when what was decided on then counts no longer.
   */
  abstract allowExcess(at: Instants): bigint;
  abstract collect(into: CounterChanges): void;
  abstract committed(): void;
}
