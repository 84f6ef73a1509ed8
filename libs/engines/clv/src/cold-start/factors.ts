import type { AttributeTable } from './attributes.js';

/** An attribute with those of its values that are common enough to learn from. */
export interface Factor {
  readonly name: string;
  /** Most common first, ties by value. */
  readonly levels: readonly FactorLevel[];
}

/** One of them. */
export interface FactorLevel {
  readonly value: string;
  readonly customers: number;
}

/** Who has which levels: customers with the same levels of all factors share a cell. */
export interface Cells {
  readonly factors: readonly Factor[];
  /** Per cell the level of each factor; −1: none of its levels. Ascending. */
  readonly levels: readonly Int32Array[];
  /** Per customer. */
  readonly cellOf: Uint32Array;
  /** Values that were seen and are no level: too rare, or too many. */
  readonly pooled: number;
  /** Customers with any attribute. */
  readonly described: number;
}

/** Fewer customers tell nothing that shrinkage would leave. */
const MIN_CUSTOMERS = 20;
const MAX_LEVELS = 200;
const MAX_FACTORS = 8;

/** Puts customers into cells. Nothing depends on their order, nor on that of the attributes. */
export function cellsOf(table: AttributeTable): Cells {
  const counts = new Uint32Array(table.levels.length);
  for (const code of table.codes) counts[code] = (counts[code] ?? 0) + 1;
  const factors = factorsOf(table, counts);
  const ranks = ranksOf(table, factors);
  const customers = table.offsets.length - 1;
  const cellOf = new Uint32Array(customers);
  const interning = new CellInterning(factors);
  let described = 0;
  const own = new Int32Array(factors.length);
  for (let i = 0; i < customers; i++) {
    const codes = table.codes.subarray(table.offsets[i], table.offsets[i + 1]);
    if (codes.length > 0) described += 1;
    own.fill(-1);
    for (const code of codes) {
      const rank = ranks[code];
      if (rank !== undefined) own[rank.factor] = rank.level;
    }
    cellOf[i] = interning.cell(own);
  }
  const kept = factors.reduce((sum, { levels }) => sum + levels.length, 0);
  const sorted = interning.sorted();
  return {
    factors,
    levels: sorted.levels,
    cellOf: cellOf.map((cell) => sorted.placeOf[cell] ?? 0),
    pooled: table.levels.length - kept,
    described,
  };
}

function factorsOf({ levels }: AttributeTable, counts: Uint32Array): Factor[] {
  const byName = new Map<string, FactorLevel[]>();
  levels.forEach(({ name, value }, code) => {
    const customers = counts[code] ?? 0;
    if (customers < MIN_CUSTOMERS) return;
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [{ value, customers }]);
    else list.push({ value, customers });
  });
  const total = ({ levels: all }: Factor): number =>
    all.reduce((sum, { customers }) => sum + customers, 0);
  return [...byName]
    .map(([name, all]) => ({
      name,
      levels: all
        .sort((a, b) => b.customers - a.customers || ascending(a.value, b.value))
        .slice(0, MAX_LEVELS),
    }))
    .sort((a, b) => total(b) - total(a) || ascending(a.name, b.name))
    .slice(0, MAX_FACTORS);
}

interface Rank {
  readonly factor: number;
  readonly level: number;
}

function ranksOf({ levels }: AttributeTable, factors: readonly Factor[]): (Rank | undefined)[] {
  const ranks = new Map<string, Rank>();
  factors.forEach(({ name, levels: kept }, factor) =>
    kept.forEach(({ value }, level) => ranks.set(`${name}\0${value}`, { factor, level })),
  );
  return levels.map(({ name, value }) => ranks.get(`${name}\0${value}`));
}

/** Gives each combination of levels a number, factor by factor, so that no key grows with their product. */
class CellInterning {
  private readonly steps: Map<number, number>[];
  private readonly widths: readonly number[];
  private readonly cells: Int32Array[] = [];

  constructor(factors: readonly Factor[]) {
    this.widths = factors.map(({ levels }) => levels.length + 1);
    this.steps = factors.map(() => new Map<number, number>());
  }

  cell(own: Int32Array): number {
    let at = 0;
    this.steps.forEach((step, factor) => {
      const isLast = factor === this.steps.length - 1;
      const key = at * (this.widths[factor] ?? 1) + (own[factor] ?? -1) + 1;
      let next = step.get(key);
      if (next === undefined) {
        next = isLast ? this.cells.push(own.slice()) - 1 : step.size;
        step.set(key, next);
      }
      at = next;
    });
    if (this.steps.length === 0 && this.cells.length === 0) this.cells.push(own.slice());
    return at;
  }

  /** The cells in ascending order, and where each of them went. */
  sorted(): { readonly levels: Int32Array[]; readonly placeOf: Uint32Array } {
    const order = this.cells.map((_, cell) => cell).sort((a, b) => this.compare(a, b));
    const placeOf = new Uint32Array(order.length);
    order.forEach((cell, place) => (placeOf[cell] = place));
    return { levels: order.map((cell) => this.cells[cell] ?? new Int32Array()), placeOf };
  }

  private compare(a: number, b: number): number {
    const [one, other] = [this.cells[a], this.cells[b]];
    const at = one?.findIndex((level, factor) => level !== other?.[factor]) ?? -1;
    return at < 0 ? 0 : (one?.[at] ?? 0) - (other?.[at] ?? 0);
  }
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
