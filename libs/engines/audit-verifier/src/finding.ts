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

  /** The first record that is wrong: exactly, where a finding within a range says so. */
  firstSeq(): number | undefined {
    const exact = this.kept.flatMap(({ seq, toSeq }) =>
      seq === undefined || toSeq !== undefined ? [] : [seq],
    );
    const ranges = this.kept.flatMap(({ seq, toSeq }) =>
      seq === undefined || toSeq === undefined ? [] : [{ seq, toSeq }],
    );
    const open = ranges.filter(({ seq, toSeq }) => !exact.some((s) => s >= seq && s <= toSeq));
    const all = [...exact, ...open.map(({ seq }) => seq)];
    return all.length === 0 ? undefined : Math.min(...all);
  }
}

/** The input itself cannot be used, e.g. a public key that is none. */
export class UnusableInput extends Error {}
