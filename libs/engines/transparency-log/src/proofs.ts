import { errors } from './errors.js';
import { isSameHash, nodeHash } from './hashes.js';
import { consistencyRanges, floorLog2, inclusionRanges, type LeafRange } from './ranges.js';
import { rangeHash, tilesOf, type TileRef, type TileSource } from './tiles.js';

/** What a proof is made of, known before a tile is read. */
export interface ProofPlan {
  readonly ranges: readonly LeafRange[];
  /** Each tile once. */
  readonly tiles: readonly TileRef[];
}

/** Plans the proof that leaf `index` is in the tree of `size` leaves. @throws tree_range_invalid */
export function inclusionPlan(index: number, size: number): ProofPlan {
  checkRange('size', size, 1, Number.MAX_SAFE_INTEGER);
  checkRange('seq', index, 0, size - 1);
  return planOf(inclusionRanges(index, size));
}

/**
 * Plans the proof that the tree of `from` leaves is a beginning of that of `to` leaves; from
 * nothing, and from itself, the proof is empty. @throws tree_range_invalid
 */
export function consistencyPlan(from: number, to: number): ProofPlan {
  checkRange('to', to, 0, Number.MAX_SAFE_INTEGER);
  checkRange('from', from, 0, to);
  return planOf(from === 0 || from === to ? [] : consistencyRanges(from, to));
}

/** Plans the root of the tree of `size` leaves: the only hash of its proof. */
export function rootPlan(size: number): ProofPlan {
  return planOf([{ from: 0, to: size }]);
}

/** The hashes of a planned proof, in their order. @throws tile_missing */
export function proofHashes(plan: ProofPlan, tiles: TileSource): Uint8Array[] {
  return plan.ranges.map((range) => rangeHash(range, tiles));
}

/** Checks an inclusion proof (RFC 9162 section 2.1.3.2). */
export function isIncluded(claim: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  if (claim.index < 0 || claim.index >= claim.size) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let hash = claim.leaf;
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSameHash(hash, claim.root);
}

/** Checks a consistency proof (RFC 9162 section 2.1.4.2). */
export function isConsistent(claim: {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim;
  if (from > to) return false;
  if (from === to) return proof.length === 0 && isSameHash(fromRoot, toRoot);
  if (from === 0) return proof.length === 0;
  const isWhole = from === 2 ** floorLog2(from);
  const [seed, ...rest] = isWhole ? [fromRoot, ...proof] : proof;
  if (seed === undefined) return false;
  let node = from - 1;
  let last = to - 1;
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let first = seed;
  let second = seed;
  for (const hash of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      first = nodeHash(hash, first);
      second = nodeHash(hash, second);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      second = nodeHash(second, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSameHash(first, fromRoot) && isSameHash(second, toRoot);
}

function planOf(ranges: readonly LeafRange[]): ProofPlan {
  return { ranges, tiles: tilesOf(ranges) };
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function checkRange(field: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const expected = `a whole number from ${min} to ${max}`;
  throw errors.tree_range_invalid(`${field}: expected ${expected}, got ${value}.`, {
    fields: [{ field, expected }],
  });
}
