/** What can be wrong with an exported audit log. */
export type FindingKind =
  | 'line_invalid'
  | 'sequence'
  | 'leaf'
  | 'checkpoint_invalid'
  | 'checkpoint_signature'
  | 'checkpoint_missing'
  | 'truncated'
  | 'root'
  | 'record_invalid'
  | 'ledger'
  | 'statement';

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** The first record that it concerns; undefined where it concerns no record. */
  readonly seq?: number;
  /** The last record that it may concern, where the place is not known exactly. */
  readonly toSeq?: number;
  readonly message: string;
}

/** Findings in the order in which they were made; the first ones are kept, all are counted. */
export class Findings {
  readonly kept: Finding[] = [];
  count = 0;
  /** The first record that may be wrong. */
  firstSeq: number | undefined;
  private lastLeaf = -1;

  constructor(private readonly most: number) {}

  add(kind: FindingKind, message: string, place: Pick<Finding, 'seq' | 'toSeq'> = {}): void {
    this.count++;
    if (this.kept.length < this.most) this.kept.push({ kind, message, ...place });
    const { seq, toSeq } = place;
    if (seq === undefined) return;
    if (kind === 'leaf') this.lastLeaf = seq;
    // Within a range a leaf that differs told the place; a broken rule may follow from it only.
    const isTold = toSeq !== undefined && this.lastLeaf >= seq;
    if (!isTold) this.firstSeq = Math.min(this.firstSeq ?? Infinity, seq);
  }
}

/** The input itself cannot be used, e.g. a public key that is none. */
export class UnusableInput extends Error {}
