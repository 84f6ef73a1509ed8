import { emptyRoot, nodeHash } from './hashes.js';

interface Peak {
  readonly height: number;
  readonly hash: Uint8Array;
}

/**
 * A tree that only grows and remembers no more than log2(size) hashes: the roots of its perfect
 * subtrees from left to right.
 */
export class Frontier {
  private readonly peaks: Peak[] = [];
  private leaves = 0;

  /** Number of leaves. */
  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf by its hash. */
  append(leaf: Uint8Array): void {
    let peak: Peak = { height: 0, hash: leaf };
    for (;;) {
      const last = this.peaks.at(-1);
      if (last?.height !== peak.height) break;
      this.peaks.pop();
      peak = { height: peak.height + 1, hash: nodeHash(last.hash, peak.hash) };
    }
    this.peaks.push(peak);
    this.leaves++;
  }

  /** MTH of all leaves so far. */
  root(): Uint8Array {
    return foldPeaks(this.peaks.map(({ hash }) => hash));
  }
}

/** MTH of perfect subtrees that lie side by side, the largest first. */
export function foldPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  const join = (right: Uint8Array | undefined, peak: Uint8Array): Uint8Array =>
    right === undefined ? peak : nodeHash(peak, right);
  return peaks.reduceRight<Uint8Array | undefined>(join, undefined) ?? emptyRoot();
}
