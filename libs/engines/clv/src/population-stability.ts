/** A sample in bins: bin i holds values above `edges[i − 1]` and up to `edges[i]`; the last one all above. */
export interface BinnedSample {
  /** Ascending and distinct; at most nine. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
}

const BINS = 10;
/** Edges are rounded before anybody is counted, so that they are short to write and the counts exact. */
const EDGE_DIGITS = 6;

/** The deciles of a sample and how many lie between them; tied values share a bin, so there may be fewer than ten. */
export function decilesOf(sample: ArrayLike<number>): BinnedSample {
  const sorted = Float64Array.from(sample).sort();
  const edges: number[] = [];
  for (let k = 1; k < BINS && sorted.length > 0; k++) {
    const value = sorted[Math.ceil((k * sorted.length) / BINS) - 1] ?? 0;
    const edge = Number(value.toPrecision(EDGE_DIGITS));
    if (edge > (edges.at(-1) ?? -Infinity)) edges.push(edge);
  }
  return { edges, counts: countsOf(edges, sorted) };
}

/** Counts values into given bins. */
export class BinCounter {
  readonly counts: number[];

  constructor(private readonly edges: readonly number[]) {
    this.counts = Array<number>(edges.length + 1).fill(0);
  }

  /** Values counted so far. */
  get total(): number {
    return sum(this.counts);
  }

  add(value: number): void {
    const bin = binOf(this.edges, value);
    this.counts[bin] = (this.counts[bin] ?? 0) + 1;
  }
}

/** Which bin a value lies in. */
export function binOf(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && value > (edges[bin] ?? Infinity)) bin += 1;
  return bin;
}

/**
 * Population stability index Σ (q − p) ln(q / p) over bins; half a customer is added to every bin, so that an empty one
 * counts as rare instead of impossible. By convention below .1 stable, from .2 drifted.
 */
export function stabilityIndex(then: readonly number[], now: readonly number[]): number {
  const share = (counts: readonly number[], i: number): number =>
    ((counts[i] ?? 0) + 0.5) / (sum(counts) + 0.5 * then.length);
  return then.reduce((index, _, i) => {
    const [p, q] = [share(then, i), share(now, i)];
    return index + (q - p) * Math.log(q / p);
  }, 0);
}

/** {@link stabilityIndex} of values against a sample in bins. */
export function stabilityAgainst(
  { edges, counts }: BinnedSample,
  current: ArrayLike<number>,
): number {
  return stabilityIndex(counts, countsOf(edges, current));
}

/** {@link stabilityIndex} of a feature or score over the deciles of a reference; null of none. */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): number | null {
  if (reference.length === 0 || current.length === 0) return null;
  return stabilityAgainst(decilesOf(reference), current);
}

function countsOf(edges: readonly number[], values: ArrayLike<number>): number[] {
  const counter = new BinCounter(edges);
  for (let i = 0; i < values.length; i++) counter.add(values[i] ?? 0);
  return counter.counts;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
