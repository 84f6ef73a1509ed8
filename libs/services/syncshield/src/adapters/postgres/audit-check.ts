import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { DomainError } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import {
  fullTileHash,
  isSameHash,
  leafHash,
  openNote,
  parseCheckpoint,
  proofHashes,
  rootPlan,
  TILE_WIDTH,
  widthOf,
  type NoteVerifier,
  type TileRef,
} from '@kiki/transparency-log';
import type { AuditReport } from '../../application/audit-log.js';
import { AuditBroken, type AuditFault, type AuditTree } from '../../domain/audit-tree.js';
import { findBundles, recordsOf } from './audit-bundles.js';
import { TileTable } from './audit-tree-rows.js';

/** Most faults that a report names. */
const MAX_FAULTS = 100;
const SLICE = 128;

/** Which part of a log is read anew, and what it is compared with. */
export interface CheckOrder {
  readonly tenant: string;
  readonly tree: AuditTree;
  readonly from: number;
  /** Records; rounded up to whole tiles. */
  readonly limit: number;
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
}

/** Compares records with the tiles, tiles with the tiles above, and those with the checkpoint. */
export async function checkAudit(tx: Queryable, order: CheckOrder): Promise<AuditReport> {
  const { from, limit, tree } = order;
  const first = Math.floor(from / TILE_WIDTH);
  const to = Math.min(tree.size, Math.ceil((from + limit) / TILE_WIDTH) * TILE_WIDTH);
  const check = new AuditCheck(tx, order);
  if (to > first * TILE_WIDTH) {
    await check.records(first * TILE_WIDTH, to);
    await check.tiles(first, Math.ceil(to / TILE_WIDTH) - 1);
  }
  await check.checkpoint();
  const faults = check.faults.slice(0, MAX_FAULTS);
  const size = tree.signed?.size ?? 0;
  return { from: Math.min(first * TILE_WIDTH, to), to, isEnd: to === tree.size, size, faults };
}

class AuditCheck {
  readonly faults: AuditFault[] = [];
  private readonly table = new TileTable();

  constructor(
    private readonly tx: Queryable,
    private readonly order: CheckOrder,
  ) {}

  async records(from: number, to: number): Promise<void> {
    const { tenant } = this.order;
    await this.load(0, from / TILE_WIDTH, Math.ceil(to / TILE_WIDTH) - 1);
    let next = from;
    try {
      const bundles = await findBundles(this.tx, tenant, { from, to });
      for (const { seq, record } of recordsOf(bundles, from, to)) {
        next = seq + 1;
        const tile = Math.floor(seq / TILE_WIDTH);
        const hash = this.table.hash(0, tile, seq % TILE_WIDTH);
        if (hash === undefined) this.add('tile', seq, 'The hash of the record is missing.');
        else if (!isSameHash(hash, leafHash(record))) {
          this.add('record', seq, 'The stored record is not the one in the tree.');
        }
        if (seq % SLICE === 0) await yieldToOthers();
      }
    } catch (error) {
      if (!(error instanceof AuditBroken)) throw error;
      this.faults.push(error.fault);
      return;
    }
    if (next < to) this.add('sequence', next, 'Records that are in the tree are missing.');
  }

  /** Every full tile in the range stands in the tile above it, and so on upward. */
  async tiles(first: number, last: number): Promise<void> {
    const { size } = this.order.tree;
    let [from, to] = [first, last];
    for (let level = 0, span = TILE_WIDTH; span <= size; level++, span *= TILE_WIDTH) {
      await this.load(level, from, to);
      await this.load(level + 1, Math.floor(from / TILE_WIDTH), Math.floor(to / TILE_WIDTH));
      for (let index = from; index <= to && (index + 1) * span <= size; index++) {
        this.compareParent({ level, index }, index * span);
        await yieldToOthers();
      }
      [from, to] = [Math.floor(from / TILE_WIDTH), Math.floor(to / TILE_WIDTH)];
    }
  }

  /** The tiles lead to the signed root, and a known key signed it under the log's name. */
  async checkpoint(): Promise<void> {
    const { tenant, tree, origin, verifiers } = this.order;
    const { signed } = tree;
    if (signed === undefined) return;
    try {
      const plan = rootPlan(signed.size);
      await this.table.load(this.tx, tenant, plan.tiles);
      const [root] = proofHashes(plan, this.table.source);
      if (root === undefined || !isSameHash(root, signed.root)) {
        this.add('root', signed.size, 'The tiles lead to another root than the one signed.');
      }
      const head = parseCheckpoint(openNote(signed.note, verifiers).text);
      const isSame = head.size === signed.size && isSameHash(head.root, signed.root);
      if (!isSame || head.origin !== origin) {
        this.add('checkpoint', signed.size, 'The stored note is of another tree head.');
      }
    } catch (error) {
      if (!DomainError.is(error)) throw error;
      this.add('checkpoint', signed.size, error.message);
    }
  }

  private compareParent({ level, index }: TileRef, seq: number): void {
    const hashes = this.table.source(level, index);
    const parent = this.table.hash(level + 1, Math.floor(index / TILE_WIDTH), index % TILE_WIDTH);
    if (hashes === undefined || widthOf({ hashes }) < TILE_WIDTH || parent === undefined) {
      this.add('tile', seq, `Tile ${index} of level ${level}, or the one above, is missing.`);
    } else if (!isSameHash(fullTileHash(hashes), parent)) {
      this.add('tile', seq, `Tile ${index} of level ${level} is not the one in the tile above.`);
    }
  }

  private async load(level: number, first: number, last: number): Promise<void> {
    const refs = Array.from({ length: last - first + 1 }, (_, i) => ({ level, index: first + i }));
    await this.table.load(this.tx, this.order.tenant, refs);
  }

  private add(what: AuditFault['what'], seq: number, message: string): void {
    this.faults.push({ what, seq, message });
  }
}
