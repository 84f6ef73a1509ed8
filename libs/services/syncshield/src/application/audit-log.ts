import type { AuditFault, SignedHead } from '../domain/audit-tree.js';
import type { AuditEntry } from './ledger.js';

/** A proof against the root of a tree. */
export interface AuditProof {
  /** The tree that the proof leads to. */
  readonly size: number;
  readonly root: Uint8Array;
  /** From the leaf upward. */
  readonly hashes: readonly Uint8Array[];
}

/** A public key of the log. */
export interface AuditKey {
  /** `<origin>+<key id>+<base64>`, as verifiers of signed notes take it. */
  readonly text: string;
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly addedMs: number;
  /** Whether it is the one that signs now. */
  readonly isCurrent: boolean;
}

/** A record with its hash. */
export interface AuditLogEntry extends AuditEntry {
  /** As the stored tree has it; undefined beyond the tree. */
  readonly leaf: Uint8Array | undefined;
}

/** What a look at the stored log found. */
export interface AuditReport {
  /** Records from `from` (inclusive) to `to` (exclusive) were read anew. */
  readonly from: number;
  readonly to: number;
  /** Whether the tree ends at `to`. */
  readonly isEnd: boolean;
  /** Size of the checkpoint that they were compared with. */
  readonly size: number;
  readonly faults: readonly AuditFault[];
}

/** The audit log as one that is watched from outside: c2sp.org/tlog-tiles over the stored records. */
export abstract class AuditLog {
  /** @throws audit_checkpoint_missing */
  abstract checkpoint(tenant: string): Promise<SignedHead>;
  /** Records from `from` (inclusive) on, in order; also those that no checkpoint covers yet. */
  abstract entries(tenant: string, from: number, limit: number): Promise<AuditLogEntry[]>;
  /**
   * That a record is in the tree of `size` leaves; by default that of the newest checkpoint.
   * @throws audit_checkpoint_missing, tree_range_invalid
   */
  abstract inclusion(
    tenant: string,
    seq: number,
    size?: number,
  ): Promise<AuditProof & { readonly leaf: Uint8Array }>;
  /** That one tree is a beginning of another. @throws audit_checkpoint_missing, tree_range_invalid */
  abstract consistency(
    tenant: string,
    from: number,
    to?: number,
  ): Promise<AuditProof & { readonly from: number; readonly fromRoot: Uint8Array }>;
  /** The first `width` hashes of a tile; by default all there are. @throws audit_tile_not_found */
  abstract tile(tenant: string, level: number, index: number, width?: number): Promise<Uint8Array>;
  /** The name of the log and every key that ever signed, the newest first. */
  abstract keys(tenant: string): Promise<{ readonly origin: string; readonly keys: AuditKey[] }>;
  /** Reads records, tiles and checkpoint anew and compares them. @throws audit_checkpoint_missing */
  abstract verify(tenant: string, from: number, limit: number): Promise<AuditReport>;
}
