/** Kinds of caps a caller may set. */
export type CapKind =
  'total' | 'calendar_day' | 'calendar_week' | 'calendar_month' | 'sliding_window' | 'rate';

/** What a cap counts: money, or approved holds. */
export type CapMeasure = 'micros' | 'actions';

/** Most levels a tree may have, the root included. */
export const MAX_DEPTH = 8;
/** Most caps one budget may have. */
export const MAX_CAPS = 16;
/** The largest amount the wire can carry exactly: the limit of the meter of a budget without a total. */
export const MAX_MICROS = 9_007_199_254_740_991n;
/** Id of the meter; no cap of a caller may be called so. */
export const METER_ID = '$meter';

/** A limit on what a budget and everything below it may spend and hold. */
export interface Cap {
  readonly capNo: number;
  readonly id: string;
  /** `meter` is the implicit one: the largest amount that can be carried exactly. */
  readonly kind: CapKind | 'meter';
  readonly measure: CapMeasure;
  /** In the measure; of a rate what comes back in one `windowMs`. */
  readonly limit: bigint;
  /** IANA name; only of the calendar kinds. */
  readonly timeZone?: string;
  /** Length of the window, milliseconds; only of `sliding_window` and `rate`. */
  readonly windowMs?: number;
  /** Most at once, in the measure; only of `rate`. */
  readonly burst?: bigint;
  /** The day may reach this share of its limit, percent; only of `calendar_day`. */
  readonly flexPercent?: number;
}

/** A cap that a caller has set. */
export type CallersCap = Cap & { readonly kind: CapKind };

/** Whether a caller has set the cap: true of all but the meter. */
export function isCallers(cap: Cap): cap is CallersCap {
  return cap.kind !== 'meter';
}

/** A cap without the number that only the store knows. */
export function withoutNo({ capNo, ...cap }: CallersCap): Omit<CallersCap, 'capNo'> {
  void capNo;
  return cap;
}

/** What the counter of a cap is held against, in its measure. */
export function enforcedLimit(cap: Omit<Cap, 'capNo'>): bigint {
  if (cap.kind === 'rate') return cap.burst ?? cap.limit;
  if (cap.flexPercent === undefined) return cap.limit;
  return (cap.limit * BigInt(cap.flexPercent)) / 100n;
}

/** Whether settlements, late spend and entries move the cap: true where money is counted. */
export function followsMoney(cap: Cap): boolean {
  return cap.measure === 'micros' && cap.kind !== 'rate';
}

/** A node of a budget tree. */
export interface Budget {
  readonly budgetNo: bigint;
  readonly id: string;
  readonly parentNo: bigint | undefined;
  readonly depth: number;
  readonly name: string;
  /** ISO 4217; the same in a whole tree. */
  readonly currency: string;
  readonly isPaused: boolean;
  /** Whether external spend without room pauses it. */
  readonly pausesOnExternal: boolean;
  readonly caps: readonly Cap[];
  /** The cap that has counted all its money from the beginning. @default its meter */
  readonly meterNo?: number;
}

/** The cap that counts all that a budget spends and holds, from its beginning. */
export function meterOf({ caps, meterNo }: Budget): Cap | undefined {
  return caps.find(({ capNo, kind }) =>
    meterNo === undefined ? kind === 'meter' : capNo === meterNo,
  );
}

/** One root budget and everything below it, as it stood at one version of its shard. */
export class BudgetTree {
  private readonly byId = new Map<string, Budget>();
  private readonly byNo = new Map<bigint, Budget>();
  private readonly paths = new Map<bigint, readonly Budget[]>();

  constructor(readonly budgets: readonly Budget[]) {
    for (const budget of budgets) {
      this.byId.set(budget.id, budget);
      this.byNo.set(budget.budgetNo, budget);
    }
  }

  find(id: string): Budget | undefined {
    return this.byId.get(id);
  }

  get(budgetNo: bigint): Budget | undefined {
    return this.byNo.get(budgetNo);
  }

  /** The budget and its ancestors, from the node up to the root. */
  path(budgetNo: bigint): readonly Budget[] {
    const known = this.paths.get(budgetNo);
    if (known !== undefined) return known;
    const path: Budget[] = [];
    let node = this.byNo.get(budgetNo);
    while (node !== undefined && path.length < MAX_DEPTH) {
      path.push(node);
      node = node.parentNo === undefined ? undefined : this.byNo.get(node.parentNo);
    }
    this.paths.set(budgetNo, path);
    return path;
  }
}
