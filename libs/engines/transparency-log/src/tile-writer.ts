import { errors } from './errors.js';
import { HASH_BYTES } from './hashes.js';
import {
  rangeHash,
  TILE_WIDTH,
  edgeOf,
  fullTileHash,
  type Tile,
  type TileSource,
} from './tiles.js';

interface Open {
  index: number;
  width: number;
  hashes: Buffer;
  isChanged: boolean;
}

/** Lets a tiled tree grow: keeps the unfinished tile of each level, hands out what changed. */
export class TileWriter {
  private readonly open: Open[] = [];
  private finished: Tile[] = [];
  private leaves: number;

  /**
   * @param size leaves of the tree so far
   * @param edge its unfinished tiles, see {@link edgeOf}
   * @throws tile_missing
   */
  constructor(size: number, edge: TileSource) {
    this.leaves = size;
    const unfinished = new Map(edgeOf(size).map((of) => [of.level, of]));
    for (let entries = size, level = 0; entries > 0; level++) {
      entries = Math.floor(entries / TILE_WIDTH);
      this.level(level).index = entries;
      const known = unfinished.get(level);
      if (known !== undefined) this.take(level, known, edge(level, known.index));
    }
  }

  /** Number of leaves. */
  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf by its hash. */
  append(leaf: Uint8Array): void {
    this.add(0, leaf);
    this.leaves++;
  }

  /** MTH of all leaves. */
  root(): Uint8Array {
    return rangeHash({ from: 0, to: this.leaves }, (level, index) => {
      const open = this.open[level];
      if (open?.index === index) return open.hashes.subarray(0, open.width * HASH_BYTES);
      return undefined;
    });
  }

  /** Tiles that are new or longer since the last call; unfinished ones are copies. */
  changes(): Tile[] {
    const tiles = this.finished;
    this.finished = [];
    for (const [level, open] of this.open.entries()) {
      if (!open.isChanged || open.width === 0) continue;
      open.isChanged = false;
      const hashes = Buffer.from(open.hashes.subarray(0, open.width * HASH_BYTES));
      tiles.push({ level, index: open.index, hashes });
    }
    return tiles;
  }

  private take(
    level: number,
    { index, width }: { index: number; width: number },
    hashes: Uint8Array | undefined,
  ): void {
    if (hashes === undefined || hashes.length < width * HASH_BYTES) {
      throw errors.tile_missing(`Tile ${index} of level ${level} has no ${width} hashes.`);
    }
    const open = this.level(level);
    open.hashes.set(hashes.subarray(0, width * HASH_BYTES));
    open.width = width;
  }

  private add(level: number, hash: Uint8Array): void {
    const open = this.level(level);
    open.hashes.set(hash, open.width * HASH_BYTES);
    open.width++;
    open.isChanged = true;
    if (open.width < TILE_WIDTH) return;
    this.finished.push({ level, index: open.index, hashes: open.hashes });
    const root = fullTileHash(open.hashes);
    this.open[level] = newTile(open.index + 1);
    this.add(level + 1, root);
  }

  private level(level: number): Open {
    return (this.open[level] ??= newTile(0));
  }
}

function newTile(index: number): Open {
  const hashes = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
  return { index, width: 0, hashes, isChanged: false };
}
