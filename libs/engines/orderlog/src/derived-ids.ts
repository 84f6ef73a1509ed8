import { derivedTransactionId } from './transaction-id.js';

/** Identities that are counted before older ones may be forgotten; one takes 12 to 32 bytes. */
const WINDOW = 1_000_000;
/** Tables of a generation, so that the growth of one is over in a millisecond or two. */
const TABLES = 64;
const FIRST_SLOTS = 64;
/** A table is at most so full. */
const MAX_LOAD = 0.75;

/**
 * Gives ids to the rows of one log that have none, in bounded memory: of rows in any order at least the first `window`
 * identities are remembered, of rows ascending by time always enough of them, unless more than `window` share an
 * instant.
 */
export class DerivedIds {
  private recent = new Generation();
  private older = new Generation();
  /** No identity after this instant was ever forgotten. */
  private forgottenMs = -Infinity;

  constructor(private readonly window = WINDOW) {}

  /**
   * The id of the next row, by its ordinal among equal rows; undefined where nobody can tell it any more, because rows
   * of that time may have been forgotten.
   */
  next(customerId: string, atMs: number, amountMicros: bigint | null): string | undefined {
    const identity = { customerId, atMs, amountMicros };
    const id = derivedTransactionId({ ...identity, ordinal: 0 });
    // 64 bits of it: where two of a million share them (3e-8), one begins at another ordinal, and ids stay distinct.
    const high = Number.parseInt(id.slice(0, 8), 16);
    const low = Number.parseInt(id.slice(8, 16), 16);
    const ordinal = this.older.again(high, low) || this.recent.again(high, low);
    if (ordinal > 0) return derivedTransactionId({ ...identity, ordinal });
    if (this.recent.size >= this.window) this.forget();
    if (atMs <= this.forgottenMs) return undefined;
    this.recent.add(high, low, atMs);
    return id;
  }

  private forget(): void {
    this.forgottenMs = Math.max(this.forgottenMs, this.older.newestMs);
    this.older = this.recent;
    this.recent = new Generation();
  }
}

/** Identities that came one after the other, by 64 bits of their hash. */
class Generation {
  size = 0;
  newestMs = -Infinity;
  private readonly tables = Array.from({ length: TABLES }, () => new IdentityCounts());

  again(high: number, low: number): number {
    return this.tableOf(high).again(high, low);
  }

  add(high: number, low: number, atMs: number): void {
    this.tableOf(high).add(high, low);
    this.size += 1;
    this.newestMs = Math.max(this.newestMs, atMs);
  }

  private tableOf(high: number): IdentityCounts {
    return this.tables[high % TABLES] as IdentityCounts;
  }
}

/** How often each identity came; open addressing, a count of 0 is an empty slot. */
class IdentityCounts {
  private size = 0;
  private keys = new Uint32Array(2 * FIRST_SLOTS);
  private counts = new Uint32Array(FIRST_SLOTS);

  /** Counts an identity that is here once more; how often it came before, 0 when it is not here. */
  again(high: number, low: number): number {
    const slot = this.slotOf(high, low);
    const before = this.counts[slot] ?? 0;
    if (before > 0) this.counts[slot] = before + 1;
    return before;
  }

  /** Adds one that is not here. */
  add(high: number, low: number): void {
    if (this.size >= MAX_LOAD * this.counts.length) this.grow();
    this.put(high, low, 1);
    this.size += 1;
  }

  private put(high: number, low: number, count: number): void {
    const slot = this.slotOf(high, low);
    this.keys[2 * slot] = high;
    this.keys[2 * slot + 1] = low;
    this.counts[slot] = count;
  }

  /** Where the key is, or the empty slot where it belongs. */
  private slotOf(high: number, low: number): number {
    const { keys, counts } = this;
    const mask = counts.length - 1;
    let slot = low & mask;
    while (counts[slot] !== 0 && (keys[2 * slot] !== high || keys[2 * slot + 1] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const { keys, counts } = this;
    this.keys = new Uint32Array(2 * keys.length);
    this.counts = new Uint32Array(2 * counts.length);
    counts.forEach((count, slot) => {
      if (count > 0) this.put(keys[2 * slot] ?? 0, keys[2 * slot + 1] ?? 0, count);
    });
  }
}
