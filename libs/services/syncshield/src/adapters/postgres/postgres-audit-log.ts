import type { Database, Queryable } from '@kiki/postgres';
import {
  consistencyPlan,
  HASH_BYTES,
  hexId,
  inclusionPlan,
  proofHashes,
  rootPlan,
  TILE_WIDTH,
  type ProofPlan,
  type TileRef,
} from '@kiki/transparency-log';
import { LRUCache } from 'lru-cache';
import {
  AuditLog,
  type AuditKey,
  type AuditLogEntry,
  type AuditProof,
  type AuditReport,
} from '../../application/audit-log.js';
import type { CheckpointSigner } from '../../application/checkpoint-signer.js';
import type { AuditTree, SignedHead } from '../../domain/audit-tree.js';
import { errors } from '../../errors.js';
import { checkAudit } from './audit-check.js';
import { auditEntries } from './audit-entries.js';
import { findAuditKeys } from './audit-key-rows.js';
import { findTree, TileTable } from './audit-tree-rows.js';

/** Full tiles that proofs are made from again: 8 KiB each, and about three times that for their inner nodes. */
const MAX_KEPT_TILES = 1_024;
const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Checkpoints, proofs, tiles and records from PostgreSQL; never locks. */
export class PostgresAuditLog extends AuditLog {
  private readonly kept = new LRUCache<string, Uint8Array>({ max: MAX_KEPT_TILES });

  constructor(
    private readonly database: Database,
    private readonly signer: CheckpointSigner,
  ) {
    super();
  }

  override async checkpoint(tenant: string): Promise<SignedHead> {
    return signedOf(await findTree(this.database, tenant));
  }

  override async entries(tenant: string, from: number, limit: number): Promise<AuditLogEntry[]> {
    const entries = await auditEntries(this.database, tenant, from, limit);
    const first = Math.floor(from / TILE_WIDTH);
    const count = Math.floor((from + entries.length) / TILE_WIDTH) - first + 1;
    const tiles = Array.from({ length: count }, (_, i) => ({ level: 0, index: first + i }));
    const table = await new TileTable().load(this.database, tenant, tiles);
    return entries.map(({ seq, record }) => {
      const place = Number(seq);
      const tile = Math.floor(place / TILE_WIDTH);
      return { seq, record, leaf: table.hash(0, tile, place % TILE_WIDTH) };
    });
  }

  override async inclusion(
    tenant: string,
    seq: number,
    asked?: number,
  ): Promise<AuditProof & { leaf: Uint8Array }> {
    const signed = signedOf(await findTree(this.database, tenant));
    const size = sizeOf(signed, asked, 'size');
    const plan = inclusionPlan(seq, size);
    const place = { level: 0, index: Math.floor(seq / TILE_WIDTH) };
    const tiles = await this.tiles(tenant, [plan, ...rootPlans(signed, size)], [place]);
    const leaf = tiles.hash(0, place.index, seq % TILE_WIDTH);
    if (leaf === undefined) throw errors.audit_inconsistent(`The hash of ${seq} is missing.`);
    const root = rootOf(signed, size, tiles);
    return { size, root, hashes: proofHashes(plan, tiles.source), leaf };
  }

  override async consistency(
    tenant: string,
    from: number,
    asked?: number,
  ): Promise<AuditProof & { from: number; fromRoot: Uint8Array }> {
    const signed = signedOf(await findTree(this.database, tenant));
    const size = sizeOf(signed, asked, 'to');
    const plan = consistencyPlan(from, size);
    const sizes = [...rootPlans(signed, size), ...rootPlans(signed, from)];
    const tiles = await this.tiles(tenant, [plan, ...sizes]);
    const [root, fromRoot] = [rootOf(signed, size, tiles), rootOf(signed, from, tiles)];
    return { from, fromRoot, size, root, hashes: proofHashes(plan, tiles.source) };
  }

  override async tile(
    tenant: string,
    level: number,
    index: number,
    width?: number,
  ): Promise<Uint8Array> {
    const table = await new TileTable().load(this.database, tenant, [{ level, index }]);
    const hashes = table.source(level, index);
    const bytes = (width ?? 1) * HASH_BYTES;
    if (hashes === undefined || hashes.length < bytes) throw errors.audit_tile_not_found();
    return width === undefined ? hashes : hashes.subarray(0, bytes);
  }

  override async keys(tenant: string): Promise<{ origin: string; keys: AuditKey[] }> {
    const [current] = this.signer.publicKeys();
    const rows = await findAuditKeys(this.database);
    const keys = rows.map(({ publicKey, addedMs }) => {
      const { text, keyId } = this.signer.verifier(tenant, publicKey);
      const isCurrent = Buffer.from(publicKey).toString('base64') === current;
      return { text, keyId: hexId(keyId), publicKey, addedMs, isCurrent };
    });
    return { origin: this.signer.origin(tenant), keys };
  }

  override async verify(tenant: string, from: number, limit: number): Promise<AuditReport> {
    return this.read(async (tx) => {
      const tree = await findTree(tx, tenant);
      signedOf(tree);
      const keys = await findAuditKeys(tx);
      const verifiers = keys.map(({ publicKey }) => this.signer.verifier(tenant, publicKey));
      const origin = this.signer.origin(tenant);
      return checkAudit(tx, { tenant, tree, from, limit, origin, verifiers });
    });
  }

  private read<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work, SNAPSHOT);
  }

  /** The tiles of plans in one statement; they only grow, so that no snapshot is needed. */
  private tiles(
    tenant: string,
    plans: readonly ProofPlan[],
    more: readonly TileRef[] = [],
  ): Promise<TileTable> {
    const refs = new Map<string, TileRef>();
    for (const ref of [...more, ...plans.flatMap((plan) => plan.tiles)]) {
      refs.set(`${ref.level}/${ref.index}`, ref);
    }
    return new TileTable(this.kept).load(this.database, tenant, [...refs.values()]);
  }
}

/** What the root of a size is computed from: nothing for the signed one. */
function rootPlans(signed: SignedHead, size: number): ProofPlan[] {
  return size === signed.size ? [] : [rootPlan(size)];
}

function rootOf(signed: SignedHead, size: number, tiles: TileTable): Uint8Array {
  if (size === signed.size) return signed.root;
  const [root] = proofHashes(rootPlan(size), tiles.source);
  if (root === undefined) throw errors.audit_inconsistent('A tree has no root.');
  return root;
}

function signedOf({ signed }: AuditTree): SignedHead {
  if (signed === undefined) throw errors.audit_checkpoint_missing();
  return signed;
}

/** The size that was asked for, at most that of the newest checkpoint. */
function sizeOf({ size }: SignedHead, asked: number | undefined, field: string): number {
  if (asked === undefined) return size;
  if (asked <= size) return asked;
  const expected = `at most ${size}, the size of the newest checkpoint`;
  throw errors.audit_beyond_checkpoint(undefined, { fields: [{ field, expected }] });
}
