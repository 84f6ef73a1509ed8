import { errors } from './errors.js';
import { foldPeaks } from './frontier.js';
import { HASH_BYTES, nodeHash } from './hashes.js';
import { subtreesOf, type LeafRange, type Subtree } from './ranges.js';

/** Hashes of a full tile (c2sp.org/tlog-tiles). */
export const TILE_WIDTH = 256;
/** Heights of the tree that a tile spans. */
const TILE_HEIGHT = 8;

/** Which tile: hash `i` of it is the root of leaves `(index*256 + i) * 256^level` and the next. */
export interface TileRef {
  readonly level: number;
  readonly index: number;
}

/** A tile: 1 to 256 hashes of 32 bytes, one after the other. */
export interface Tile extends TileRef {
  readonly hashes: Uint8Array;
}

/** Where proofs read tiles; undefined where there is none. */
export type TileSource = (level: number, index: number) => Uint8Array | undefined;

/** Hashes in a tile. */
export function widthOf({ hashes }: Pick<Tile, 'hashes'>): number {
  return hashes.length / HASH_BYTES;
}

/** Tiles that the roots of ranges are computed from, each once. */
export function tilesOf(ranges: readonly LeafRange[]): TileRef[] {
  const found = new Map<string, TileRef>();
  for (const subtree of ranges.flatMap(subtreesOf)) {
    const { level, index } = placeOf(subtree);
    found.set(`${level}/${index}`, { level, index });
  }
  return [...found.values()];
}

/** The rightmost tile of each level that is not full: from them a tree of `size` leaves goes on. */
export function edgeOf(size: number): (TileRef & { readonly width: number })[] {
  const edge: (TileRef & { width: number })[] = [];
  let entries = size;
  for (let level = 0; entries > 0; level++) {
    const width = entries % TILE_WIDTH;
    const index = Math.floor(entries / TILE_WIDTH);
    if (width > 0) edge.push({ level, index, width });
    entries = index;
  }
  return edge;
}

/** MTH of a range of leaves. @throws tile_missing */
export function rangeHash(range: LeafRange, tiles: TileSource): Uint8Array {
  return foldPeaks(subtreesOf(range).map((subtree) => subtreeHash(subtree, tiles)));
}

/** MTH of the hashes of a full tile: what stands for it one level higher. */
export function fullTileHash(hashes: Uint8Array): Uint8Array {
  return perfectHash(hashes, 0, TILE_WIDTH);
}

function subtreeHash(subtree: Subtree, tiles: TileSource): Uint8Array {
  const { level, index, first, count } = placeOf(subtree);
  const hashes = tiles(level, index);
  if (hashes === undefined || hashes.length < (first + count) * HASH_BYTES) {
    throw errors.tile_missing(`Tile ${index} of level ${level} has no ${first + count} hashes.`);
  }
  return hashes.length === TILE_WIDTH * HASH_BYTES
    ? keptHash(hashes, first, count)
    : perfectHash(hashes, first, count);
}

/**
 * Inner nodes of full tiles by the bytes of the tile, for as long as somebody keeps those: entry `256 / count + first /
 * count` spans `count` hashes from `first` on. A full tile never changes.
 */
const innerNodes = new WeakMap<Uint8Array, (Uint8Array | undefined)[]>();

function keptHash(hashes: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return perfectHash(hashes, first, 1);
  let nodes = innerNodes.get(hashes);
  if (nodes === undefined) innerNodes.set(hashes, (nodes = []));
  const half = count / 2;
  return (nodes[(TILE_WIDTH + first) / count] ??= nodeHash(
    keptHash(hashes, first, half),
    keptHash(hashes, first + half, half),
  ));
}

function perfectHash(hashes: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return hashes.subarray(first * HASH_BYTES, (first + 1) * HASH_BYTES);
  const half = count / 2;
  return nodeHash(perfectHash(hashes, first, half), perfectHash(hashes, first + half, half));
}

function placeOf({ height, index }: Subtree): TileRef & { first: number; count: number } {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const entry = index * count;
  const tile = Math.floor(entry / TILE_WIDTH);
  return { level, index: tile, first: entry - tile * TILE_WIDTH, count };
}
