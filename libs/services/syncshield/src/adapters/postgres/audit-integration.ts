import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { DomainError } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import {
  consistencyPlan,
  edgeOf,
  isConsistent,
  isSameHash,
  leafHash,
  proofHashes,
  TILE_WIDTH,
  TileWriter,
} from '@kiki/transparency-log';
import type { TreeStep } from '../../application/audit-trees.js';
import type { CheckpointSigner } from '../../application/checkpoint-signer.js';
import {
  AuditBroken,
  broken,
  type AuditTree,
  type ReleasedCheckpoint,
  type SignedHead,
} from '../../domain/audit-tree.js';
import { findBundles, recordsOf } from './audit-bundles.js';
import { findAuditKeys } from './audit-key-rows.js';
import { appendAudit } from './audit-rows.js';
import { findTree, TileTable, writeAlarm, writeTiles, writeTree } from './audit-tree-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** Records of one step: about 10 MB, some tens of milliseconds of hashing. */
const MAX_LEAVES = 32_768;
/** Hashes between two turns of the event loop. */
const SLICE = 128;
const NOTHING: TreeStep = { hasMore: false };

/** Leads the Merkle tree of a tenant after its log, and signs where it stands; one process at a time. */
export class AuditIntegration {
  constructor(
    private readonly database: Database,
    private readonly signer: CheckpointSigner,
    private readonly storeNow: string = STORE_NOW,
  ) {}

  /**
   * One step of a tenant.
   * @param known a checkpoint that is known without the database: the new one has to contain it
   */
  async advance(tenant: string, known?: ReleasedCheckpoint): Promise<TreeStep> {
    try {
      return await this.database.transaction((tx) => this.advanceIn(tx, tenant, known));
    } catch (error) {
      if (!(error instanceof AuditBroken)) throw error;
      const alarm = error.message;
      await writeAlarm(this.database, tenant, alarm);
      return { hasMore: false, alarm };
    }
  }

  private async advanceIn(
    tx: Queryable,
    tenant: string,
    known: ReleasedCheckpoint | undefined,
  ): Promise<TreeStep> {
    if (!(await isAlone(tx, tenant))) return NOTHING;
    const signer = await this.currentSigner(tx);
    const tree = await findTree(tx, tenant);
    if (tree.alarm !== undefined) return { hasMore: false, alarm: tree.alarm };
    if (known !== undefined && known.size > tree.size) {
      broken('checkpoint', tree.size, `${known.size} records were signed, the tree ends before.`);
    }
    const nowMs = await storeNowMs(tx, this.storeNow);
    if (signer !== undefined) await recordRotation(tx, tenant, tree, signer, nowMs);
    const tiles = await new TileTable().load(tx, tenant, edgeOf(tree.size));
    const writer = await this.extend(tx, tenant, tree, tiles);
    if (writer.size === tree.size && tree.signed?.size === tree.size) return NOTHING;
    const changes = writer.changes();
    tiles.add(changes);
    const signed = await this.sign(tx, tenant, { tree, tiles, writer, known, nowMs, signer });
    await writeTiles(tx, tenant, changes);
    await writeTree(tx, tenant, writer.size, signed ?? tree.signed);
    return {
      hasMore: writer.size === tree.size + MAX_LEAVES,
      ...(signed === undefined ? {} : { checkpoint: { tenant, ...signed } }),
    };
  }

  /** The signer, unless another process has brought a newer key. */
  private async currentSigner(tx: Queryable): Promise<CheckpointSigner | undefined> {
    const [newest] = await findAuditKeys(tx);
    const [own] = this.signer.publicKeys();
    if (newest === undefined || own === undefined) return undefined;
    const isOwn = Buffer.from(newest.publicKey).toString('base64') === own;
    this.signer.setReplaced(!isOwn);
    return isOwn ? this.signer : undefined;
  }

  /** Adds new leaves; the last unfinished tile is compared with its records on the way. */
  private async extend(
    tx: Queryable,
    tenant: string,
    tree: AuditTree,
    tiles: TileTable,
  ): Promise<TileWriter> {
    const writer = orBroken(tree.size, () => new TileWriter(tree.size, tiles.source));
    const tile = Math.floor(tree.size / TILE_WIDTH);
    const from = tile * TILE_WIDTH;
    const to = tree.size + MAX_LEAVES;
    const bundles = await findBundles(tx, tenant, { from, to });
    let read = from;
    for (const { seq, record } of recordsOf(bundles, from, to)) {
      const leaf = leafHash(record);
      if (seq >= tree.size) writer.append(leaf);
      else if (!isSameHash(tiles.hash(0, tile, seq - from) ?? leaf, leaf)) {
        broken('record', seq, 'the stored record is not the one in the tree.');
      }
      read = seq + 1;
      if (seq % SLICE === 0) await yieldToOthers();
    }
    if (read < tree.size) broken('sequence', read, 'records that are in the tree are missing.');
    return writer;
  }

  private async sign(
    tx: Queryable,
    tenant: string,
    step: {
      readonly tree: AuditTree;
      readonly tiles: TileTable;
      readonly writer: TileWriter;
      readonly known: ReleasedCheckpoint | undefined;
      readonly nowMs: number;
      readonly signer: CheckpointSigner | undefined;
    },
  ): Promise<SignedHead | undefined> {
    const { size } = step.writer;
    const root = orBroken(size, () => step.writer.root());
    for (const before of [step.tree.signed, step.known]) {
      if (before === undefined) continue;
      const plan = consistencyPlan(before.size, size);
      await step.tiles.load(tx, tenant, plan.tiles);
      const proof = orBroken(before.size, () => proofHashes(plan, step.tiles.source));
      const claim = { from: before.size, to: size, fromRoot: before.root, toRoot: root, proof };
      if (isConsistent(claim)) continue;
      broken('root', before.size, 'the tree does not contain the checkpoint signed before.');
    }
    const note = step.signer?.sign(tenant, size, root);
    if (note === undefined) return undefined;
    const signedBy = this.signer.publicKeys().join(',');
    return { size, root, note, signedMs: step.nowMs, signedBy };
  }
}

/** A new set of keys is a fact of the log that the checkpoints before it do not know. */
async function recordRotation(
  tx: Queryable,
  tenant: string,
  { signed }: AuditTree,
  signer: CheckpointSigner,
  atMs: number,
): Promise<void> {
  const after = signer.publicKeys();
  if (signed === undefined || signed.signedBy === after.join(',')) return;
  const before = signed.signedBy.split(',');
  const facts = { before: { publicKeys: before }, after: { publicKeys: after } };
  const action = 'audit.keys_changed';
  await appendAudit(tx, [{ tenant, actor: 'syncshield', atMs, action, facts }]);
}

/** Whether no other process works on the tree; holds until the transaction ends. */
async function isAlone(tx: Queryable, tenant: string): Promise<boolean> {
  const [row] = await tx.query<{ is_locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('kiki audit tree', 0) # hashtextextended($1, 1))
         AS is_locked`,
    [tenant],
  );
  return row?.is_locked === true;
}

/** Tiles that are missing are a fault of the store, not of the caller. */
function orBroken<T>(seq: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!DomainError.is(error)) throw error;
    return broken('tile', seq, error.message);
  }
}
