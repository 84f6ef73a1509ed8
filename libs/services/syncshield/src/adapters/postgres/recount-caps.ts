import { enforcedLimit, followsMoney, type Cap } from '../../domain/budget.js';
import { LIVE_SLOT, MIN_WINDOW_MS, ringOf, slotAt } from '../../domain/cap-window.js';
import type { CounterRow, Usage } from '../../domain/counter-book.js';

/** What one hold or entry counts, by the rows of the ledger alone. */
export interface Counted {
  readonly atMs: number;
  readonly spent: bigint;
  readonly held: bigint;
  /** What was approved; 0 of a denial and of an entry. */
  readonly approvedMicros: bigint;
}

/** A row that does not say what was counted anew. */
export interface CounterProblem {
  readonly capNo: number;
  readonly slot: number;
  readonly expected: string;
  readonly found: string;
}

const NOTHING: Usage = { spent: 0n, held: 0n };

/** Counts caps anew, from what is counted one by one. */
export class CapRecount {
  private readonly slots = new Map<number, Map<number, Usage>>();

  add(cap: Cap, { atMs, spent, held, approvedMicros }: Counted): void {
    if (cap.kind === 'rate') return;
    const slot = slotAt(cap, atMs);
    if (followsMoney(cap)) {
      if (spent !== 0n || held !== 0n) this.plus(cap, slot, { spent, held });
    } else if (approvedMicros > 0n) this.plus(cap, slot, { spent: 1n, held: 0n });
  }

  /** What the cap counts in a slot. */
  usage(cap: Cap, slot: number): Usage {
    return this.slotsOf(cap).get(slot) ?? NOTHING;
  }

  /** How far the worst slot, or the worst window, is above the cap. */
  over(cap: Cap): bigint {
    const limit = enforcedLimit(cap);
    let worst = 0n;
    for (const [slot, usage] of this.slotsOf(cap)) {
      const sum = cap.kind === 'sliding_window' ? this.windowEndingIn(cap, slot) : usage;
      const above = sum.spent + sum.held - limit;
      if (above > worst) worst = above;
    }
    return worst;
  }

  /**
   * Stored rows that do not agree, at the instant of the last write to the shard. What left a
   * window is not looked at: its rows are used again.
   */
  compare(cap: Cap, rows: readonly CounterRow[], clockMs: number): CounterProblem[] {
    if (cap.kind === 'rate') return [];
    const stored = new Map(rows.map((row) => [row.slot, row]));
    return cap.kind === 'sliding_window'
      ? this.compareWindow(cap, stored, clockMs)
      : this.compareSlots(cap, stored);
  }

  private compareSlots(cap: Cap, stored: ReadonlyMap<number, CounterRow>): CounterProblem[] {
    const slots = new Set([...this.slotsOf(cap).keys(), ...stored.keys()]);
    return [...slots].flatMap((slot) =>
      different(cap, slot, this.usage(cap, slot), stored.get(slot) ?? NOTHING),
    );
  }

  private compareWindow(
    cap: Cap,
    stored: ReadonlyMap<number, CounterRow>,
    clockMs: number,
  ): CounterProblem[] {
    const { bucketMs, size } = ringOf(cap.windowMs ?? MIN_WINDOW_MS);
    const last = Math.floor(clockMs / bucketMs);
    const first = last - size + 1;
    const problems: CounterProblem[] = [];
    for (let bucket = first; bucket <= last; bucket++) {
      const found = storedIn(stored, bucket, size);
      problems.push(...different(cap, bucket % size, this.usage(cap, bucket), found));
    }
    const live = rolled(stored, first, size);
    return [...problems, ...different(cap, LIVE_SLOT, this.windowEndingIn(cap, last), live)];
  }

  private windowEndingIn(cap: Cap, last: number): Usage {
    const { size } = ringOf(cap.windowMs ?? MIN_WINDOW_MS);
    let spent = 0n;
    let held = 0n;
    const slots = this.slotsOf(cap);
    for (let bucket = last - size + 1; bucket <= last; bucket++) {
      const usage = slots.get(bucket);
      if (usage === undefined) continue;
      spent += atLeastNothing(usage.spent);
      held += usage.held;
    }
    return { spent, held };
  }

  private plus(cap: Cap, slot: number, { spent, held }: Usage): void {
    const slots = this.slotsOf(cap);
    const before = slots.get(slot) ?? NOTHING;
    slots.set(slot, { spent: before.spent + spent, held: before.held + held });
  }

  private slotsOf({ capNo }: Cap): Map<number, Usage> {
    let slots = this.slots.get(capNo);
    if (slots === undefined) this.slots.set(capNo, (slots = new Map<number, Usage>()));
    return slots;
  }
}

/** The stored live row less the stored buckets that have left the window since. */
function rolled(stored: ReadonlyMap<number, CounterRow>, first: number, size: number): Usage {
  const live = stored.get(LIVE_SLOT);
  if (live === undefined || first - live.mark >= size) return NOTHING;
  let { spent, held } = live;
  for (let bucket = live.mark; bucket < first; bucket++) {
    const fallen = storedIn(stored, bucket, size);
    spent -= atLeastNothing(fallen.spent);
    held -= fallen.held;
  }
  return { spent, held };
}

/** A bucket as the live row keeps it, else its own row. */
function storedIn(stored: ReadonlyMap<number, CounterRow>, bucket: number, size: number): Usage {
  const tail = stored.get(LIVE_SLOT)?.tail;
  if (tail?.bucket === bucket) return tail;
  const row = stored.get(bucket % size);
  return row?.mark === bucket ? row : NOTHING;
}

/** A bucket in which more came back than was spent counts nothing. */
function atLeastNothing(spent: bigint): bigint {
  return spent > 0n ? spent : 0n;
}

function different(cap: Cap, slot: number, expected: Usage, found: Usage): CounterProblem[] {
  if (expected.spent === found.spent && expected.held === found.held) return [];
  return [{ capNo: cap.capNo, slot, expected: text(expected), found: text(found) }];
}

function text({ spent, held }: Usage): string {
  return `spent ${spent}, held ${held}`;
}
