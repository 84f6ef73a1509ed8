import type { Queryable, Row } from '@kiki/postgres';
import {
  HASH_BYTES,
  TILE_WIDTH,
  type Tile,
  type TileRef,
  type TileSource,
} from '@kiki/transparency-log';
import type { AuditTree, SignedHead } from '../../domain/audit-tree.js';
import { keyOf } from '../../domain/hold.js';

interface TreeRow extends Row {
  size: bigint;
  signed_size: bigint;
  signed_root: Buffer | null;
  note: string | null;
  signed_ms: bigint | null;
  signed_by: string | null;
  anchored_size: bigint;
  alarm: string | null;
}

interface TileRow extends Row {
  level: number;
  index: bigint;
  hashes: Buffer;
}

const EMPTY: AuditTree = { size: 0, signed: undefined, anchoredSize: 0, alarm: undefined };

/** The tree of a tenant; an empty one where none was begun. */
export async function findTree(tx: Queryable, tenant: string): Promise<AuditTree> {
  const [row] = await tx.query<TreeRow>(
    `SELECT size, signed_size, signed_root, note, signed_ms, signed_by, anchored_size, alarm
       FROM audit_trees WHERE tenant = $1`,
    [tenant],
    { name: 'shield-audit-tree' },
  );
  if (row === undefined) return EMPTY;
  return {
    size: Number(row.size),
    signed: signedHead(row),
    anchoredSize: Number(row.anchored_size),
    alarm: row.alarm ?? undefined,
  };
}

function signedHead(row: TreeRow): SignedHead | undefined {
  const { signed_root: root, note, signed_by: signedBy } = row;
  if (root === null || note === null || signedBy === null) return undefined;
  return { size: Number(row.signed_size), root, note, signedMs: Number(row.signed_ms), signedBy };
}

/** Stores how far the tiles go and, where there is one, the new checkpoint. */
export async function writeTree(
  tx: Queryable,
  tenant: string,
  size: number,
  signed: SignedHead | undefined,
): Promise<void> {
  await tx.execute(
    `INSERT INTO audit_trees (tenant, size, signed_size, signed_root, note, signed_ms, signed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (tenant) DO UPDATE
       SET size = excluded.size, signed_size = excluded.signed_size, note = excluded.note,
           signed_root = excluded.signed_root, signed_ms = excluded.signed_ms,
           signed_by = excluded.signed_by`,
    [
      ...[tenant, BigInt(size), BigInt(signed?.size ?? 0), signed?.root ?? null],
      ...[signed?.note ?? null, signed?.signedMs ?? null, signed?.signedBy ?? null],
    ],
  );
}

/** Remembers that checkpoints lie outside. */
export async function writeAnchored(
  tx: Queryable,
  checkpoints: readonly { readonly tenant: string; readonly size: number }[],
): Promise<void> {
  await tx.execute(
    `UPDATE audit_trees t SET anchored_size = greatest(anchored_size, least(k.size, signed_size))
       FROM unnest($1::text[], $2::bigint[]) AS k (tenant, size) WHERE t.tenant = k.tenant`,
    [checkpoints.map(({ tenant }) => tenant), checkpoints.map(({ size }) => BigInt(size))],
  );
}

/** Stops the signing of a tenant; the first reason stays. */
export async function writeAlarm(tx: Queryable, tenant: string, alarm: string): Promise<void> {
  await tx.execute(
    `INSERT INTO audit_trees (tenant, alarm) VALUES ($1, $2)
     ON CONFLICT (tenant) DO UPDATE SET alarm = coalesce(audit_trees.alarm, excluded.alarm)`,
    [tenant, alarm],
  );
}

/** Full tiles that a process remembers, by tenant and place: they never change. */
export interface KeptTiles {
  get(key: string): Uint8Array | undefined;
  set(key: string, hashes: Uint8Array): unknown;
}

/** Tiles by their places; those that are missing are undefined. */
export class TileTable {
  private readonly tiles = new Map<string, Uint8Array>();

  /** @param kept full tiles are taken from here, and left here @default read each time */
  constructor(private readonly kept?: KeptTiles) {}

  /** For proofs and writers. */
  readonly source: TileSource = (level, index) => this.tiles.get(`${level}/${index}`);

  /** Reads tiles that are not here yet, in one statement. */
  async load(tx: Queryable, tenant: string, refs: readonly TileRef[]): Promise<this> {
    const missing = refs.filter((ref) => !this.isHere(tenant, ref));
    if (missing.length === 0) return this;
    const rows = await tx.query<TileRow>(
      `SELECT level, index, hashes FROM audit_tiles
         JOIN unnest($2::smallint[], $3::bigint[]) AS k (level, index) USING (level, index)
        WHERE tenant = $1`,
      [tenant, missing.map(({ level }) => level), missing.map(({ index }) => BigInt(index))],
      { name: 'shield-audit-tiles' },
    );
    const tiles = rows.map((row) => ({ ...row, index: Number(row.index) }));
    this.add(tiles);
    for (const tile of tiles) {
      if (tile.hashes.length === TILE_WIDTH * HASH_BYTES) {
        this.kept?.set(keyOf(tenant, placeOf(tile)), tile.hashes);
      }
    }
    return this;
  }

  add(tiles: readonly Tile[]): void {
    for (const tile of tiles) this.tiles.set(placeOf(tile), tile.hashes);
  }

  private isHere(tenant: string, ref: TileRef): boolean {
    const place = placeOf(ref);
    if (this.tiles.has(place)) return true;
    const hashes = this.kept?.get(keyOf(tenant, place));
    if (hashes !== undefined) this.tiles.set(place, hashes);
    return hashes !== undefined;
  }

  /** Hash `at` of a tile, if it is there. */
  hash(level: number, index: number, at: number): Uint8Array | undefined {
    const hash = this.source(level, index)?.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    return hash?.length === HASH_BYTES ? hash : undefined;
  }
}

function placeOf({ level, index }: TileRef): string {
  return `${level}/${index}`;
}

/** Stores tiles that are new or have grown. */
export async function writeTiles(
  tx: Queryable,
  tenant: string,
  tiles: readonly Tile[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO audit_tiles (tenant, level, index, hashes)
     SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::bytea[])
     ON CONFLICT (tenant, level, index) DO UPDATE SET hashes = excluded.hashes`,
    [
      ...[tenant, tiles.map(({ level }) => level), tiles.map(({ index }) => BigInt(index))],
      tiles.map(({ hashes }) => Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length)),
    ],
  );
}
