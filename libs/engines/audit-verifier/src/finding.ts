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

  constructor(private readonly most: number) {}

  add(kind: FindingKind, message: string, place: Pick<Finding, 'seq' | 'toSeq'> = {}): void {
    this.count++;
    if (this.kept.length < this.most) this.kept.push({ kind, message, ...place });
  }

  /**
   * The first record that may be wrong. A leaf that differs tells the place within a range; a
   * broken rule does not, for it may follow from an earlier change.
   */
  firstSeq(): number | undefined {
    const leaves = this.kept.filter(({ kind }) => kind === 'leaf').map(({ seq }) => seq ?? 0);
    const seqs = this.kept.flatMap(({ seq, toSeq }) => {
      const isTold = leaves.some((leaf) => leaf >= (seq ?? 0) && leaf <= (toSeq ?? -1));
      return seq === undefined || isTold ? [] : [seq];
    });
    return seqs.length === 0 ? undefined : Math.min(...seqs);
  }
}

/** The input itself cannot be used, e.g. a public key that is none. */
export class UnusableInput extends Error {}
