/** One number of ours beside the one in print. */
export interface ParityRow {
  readonly group: string;
  readonly name: string;
  readonly ours: number;
  readonly reference: number;
  /** Largest absolute difference that counts as equal; Infinity: shown, not judged. */
  readonly tolerance: number;
}

/** How a kind of number is compared. */
export interface Tolerance {
  readonly absolute?: number;
  /** Share of the reference. */
  readonly relative?: number;
}

/** To the printed digits: wherever what is in print is an optimum or follows from one. */
export const PRINTED: Tolerance = {};
/**
 * What BTYD prints at its own fits, whose parameters (in print to three decimals) lie up to 1.2e-3 beside the optimum
 * of Pareto/NBD and 1e-4 beside that of BG/NBD: our predictions at its parameters are its own.
 */
export const BTYD: Tolerance = { relative: 1e-3 };
export const BTYD_BG: Tolerance = { relative: 2e-4 };
/** Shown beside the reference, not judged. */
export const SHOWN: Tolerance = { absolute: Infinity };

/** Collects rows of one group. */
export class ParityGroup {
  readonly rows: ParityRow[] = [];

  constructor(readonly name: string) {}

  /**
   * Adds a number. The reference is a text, as printed: no tolerance is smaller than half of its last digit.
   */
  add(name: string, ours: number | null | undefined, reference: string, how: Tolerance): void {
    const value = Number(reference);
    const tolerance = Math.max(
      how.absolute ?? 0,
      (how.relative ?? 0) * Math.abs(value),
      halfDigit(reference),
    );
    // The last bits of a binary fraction decide no comparison of decimal ones.
    const tolerated = tolerance * (1 + 1e-9);
    const row = { name, ours: ours ?? Number.NaN, reference: value, tolerance: tolerated };
    this.rows.push({ group: this.name, ...row });
  }

  /** Adds several numbers of the same kind, `name [i]` by their labels. */
  addAll(
    name: string,
    labels: readonly (string | number)[],
    ours: (index: number) => number,
    references: readonly string[],
    how: Tolerance,
  ): void {
    references.forEach((reference, i) => {
      this.add(`${name} [${labels[i]}]`, ours(i), reference, how);
    });
  }
}

/** Whether a number agrees; NaN never does. */
export function agrees({ ours, reference, tolerance }: ParityRow): boolean {
  return Math.abs(ours - reference) <= tolerance;
}

/** Half a unit of the last printed digit; 0 for whole numbers, which are counts. */
function halfDigit(text: string): number {
  const match = /^-?\d*\.(\d+)(?:e(-?\d+))?$/.exec(text);
  if (match === null) return 0;
  return 0.5 * 10 ** (Number(match[2] ?? 0) - (match[1] ?? '').length);
}

/** The table that the benchmark prints: a line per number. */
export function parityTable(rows: readonly ParityRow[]): string[] {
  const cells = rows.map((row) => [
    row.name,
    short(row.ours),
    short(row.reference),
    (row.ours - row.reference).toExponential(1),
    Number.isFinite(row.tolerance) ? row.tolerance.toExponential(1) : 'not judged',
    agrees(row) ? '' : 'OUTSIDE',
  ]);
  const all = [['number', 'ours', 'reference', 'difference', 'tolerance', ''], ...cells];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...all.map((line) => line[i]?.length ?? 0)));
  return all.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
}
