import { emptyRoot, leafHash, nodeHash } from './hashes.js';
import { TileWriter } from './tile-writer.js';
import type { TileSource } from './tiles.js';

/** Leaf hashes of records "0", "1", … */
export function leaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => leafHash(String(i)));
}

/** MTH by its definition in RFC 6962, section 2.1. */
export function naiveRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length <= 1) return hashes[0] ?? emptyRoot();
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(naiveRoot(hashes.slice(0, split)), naiveRoot(hashes.slice(split)));
}

/** Tiles that are kept as a store does: the latest of each place. */
export class TileShelf {
  readonly tiles = new Map<string, Uint8Array>();
  readonly source: TileSource = (level, index) => this.tiles.get(`${level}/${index}`);

  keep(writer: TileWriter): void {
    for (const { level, index, hashes } of writer.changes()) {
      this.tiles.set(`${level}/${index}`, hashes);
    }
  }

  /** Tiles of a tree that grew in steps, by a new writer for each. */
  static of(hashes: readonly Uint8Array[], steps: readonly number[] = [hashes.length]): TileShelf {
    const shelf = new TileShelf();
    let size = 0;
    for (const step of steps) {
      const writer = new TileWriter(size, shelf.source);
      for (const hash of hashes.slice(size, size + step)) writer.append(hash);
      size = writer.size;
      shelf.keep(writer);
    }
    return shelf;
  }
}
