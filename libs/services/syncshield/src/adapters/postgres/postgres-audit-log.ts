import type { Database, Queryable } from '@kiki/postgres';
import {
  consistencyPlan,
  HASH_BYTES,
  hexId,
  inclusionPlan,
  leafHash,
  proofHashes,
  rootPlan,
  TILE_WIDTH,
  type ProofPlan,
} from '@kiki/transparency-log';
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

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Checkpoints, proofs, tiles and records from PostgreSQL; never locks. */
export class PostgresAuditLog extends AuditLog {
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
    return this.read(async (tx) => {
      const size = sizeOf(await findTree(tx, tenant), asked, 'size');
      const plan = inclusionPlan(seq, size);
      const proof = await this.proof(tx, tenant, plan, [size]);
      const [entry] = await auditEntries(tx, tenant, seq, 1);
      if (entry === undefined) throw errors.audit_inconsistent(`Record ${seq} is missing.`);
      const [root] = proof.roots;
      return { size, root, hashes: proof.hashes, leaf: leafHash(entry.record) };
    });
  }

  override async consistency(
    tenant: string,
    from: number,
    asked?: number,
  ): Promise<AuditProof & { from: number; fromRoot: Uint8Array }> {
    return this.read(async (tx) => {
      const size = sizeOf(await findTree(tx, tenant), asked, 'to');
      const plan = consistencyPlan(from, size);
      const { hashes, roots } = await this.proof(tx, tenant, plan, [size, from]);
      return { from, fromRoot: roots[1] ?? roots[0], size, root: roots[0], hashes };
    });
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

  /** The hashes of a plan and the roots of trees, from tiles that are read at once. */
  private async proof(
    tx: Queryable,
    tenant: string,
    plan: ProofPlan,
    sizes: readonly [number, ...number[]],
  ): Promise<{ hashes: Uint8Array[]; roots: [Uint8Array, ...Uint8Array[]] }> {
    const rootPlans = sizes.map(rootPlan);
    const tiles = await new TileTable().load(
      tx,
      tenant,
      [plan, ...rootPlans].flatMap((of) => of.tiles),
    );
    const hashes = proofHashes(plan, tiles.source);
    const [first, ...rest] = rootPlans.flatMap((of) => proofHashes(of, tiles.source));
    if (first === undefined) throw errors.audit_inconsistent('A tree has no root.');
    return { hashes, roots: [first, ...rest] };
  }
}

function signedOf({ signed }: AuditTree): SignedHead {
  if (signed === undefined) throw errors.audit_checkpoint_missing();
  return signed;
}

/** The size that was asked for, at most that of the newest checkpoint. */
function sizeOf(tree: AuditTree, asked: number | undefined, field: string): number {
  const { size } = signedOf(tree);
  if (asked === undefined) return size;
  if (asked <= size) return asked;
  const expected = `at most ${size}, the size of the newest checkpoint`;
  throw errors.audit_beyond_checkpoint(undefined, { fields: [{ field, expected }] });
}
