/** Leaves `from` to `to` (exclusive); where proofs speak of one, its left end fits a perfect subtree. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** A perfect subtree: leaves `index * 2^height` to `(index + 1) * 2^height`. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** Perfect subtrees that make up a range, the largest first. */
export function subtreesOf({ from, to }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let start = from; start < to;) {
    const height = floorLog2(to - start);
    const leaves = 2 ** height;
    subtrees.push({ height, index: start / leaves });
    start += leaves;
  }
  return subtrees;
}

/** Ranges whose roots prove that a leaf is in the tree, from the leaf upward (PATH of RFC 6962). */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push({ from: middle, to });
      to = middle;
    } else {
      path.push({ from, to: middle });
      from = middle;
    }
  }
  return path.reverse();
}

/** Ranges whose roots prove that one tree is a beginning of another (PROOF of RFC 6962). */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  const path: LeafRange[] = [];
  let from = 0;
  let to = second;
  let rest = first;
  while (rest !== to - from) {
    const split = splitOf(to - from);
    const middle = from + split;
    if (rest <= split) {
      path.push({ from: middle, to });
      to = middle;
    } else {
      path.push({ from, to: middle });
      from = middle;
      rest -= split;
    }
  }
  // The verifier knows the root of the whole first tree, but not of a part of it.
  if (from > 0) path.push({ from, to });
  return path.reverse();
}

/** Largest power of two below `leaves`, which is at least 2. */
function splitOf(leaves: number): number {
  return 2 ** floorLog2(leaves - 1);
}

/** Exact for every safe integer above 0, which `Math.log2` is not. */
export function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}
