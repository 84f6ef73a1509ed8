import type { ReleasedCheckpoint } from '../domain/audit-tree.js';

/** A log that something is to be done for. */
export interface WaitingTree {
  readonly tenant: string;
  /** Set when the newest checkpoint is not known to lie outside the database. */
  readonly unanchored: ReleasedCheckpoint | undefined;
}

/** What one step of a tenant's tree came to. */
export interface TreeStep {
  /** Set when one was signed and stored: it may leave the process now. */
  readonly checkpoint?: ReleasedCheckpoint;
  /** True when more records wait than one step takes. */
  readonly hasMore: boolean;
  /** Set when the stored log contradicts what was signed; the tree does not go on. */
  readonly alarm?: string;
}

/** All logs together. */
export interface TreeTotals {
  /** Records that checkpoints cover. */
  readonly leaves: number;
  /** Records that no checkpoint covers yet. */
  readonly pending: number;
  /** Age of the oldest checkpoint whose log has grown since, milliseconds; 0 when none has. */
  readonly checkpointAgeMs: number;
  /** Logs that contradict what was signed. */
  readonly alarms: number;
}

/** The Merkle trees over the audit logs, as a background task leads them after. */
export abstract class AuditTrees {
  /**
   * Logs that have grown, whose checkpoint is not anchored or signed by other keys, or that are
   * shorter than what is known of them.
   */
  abstract waiting(known: ReadonlyMap<string, ReleasedCheckpoint>): Promise<WaitingTree[]>;
  /**
   * One step of a tenant, while no other process works on it.
   * @param known a checkpoint that is known without the database: the new one has to contain it
   */
  abstract advance(tenant: string, known: ReleasedCheckpoint | undefined): Promise<TreeStep>;
  /** Remembers that checkpoints lie outside. */
  abstract anchored(checkpoints: readonly ReleasedCheckpoint[]): Promise<void>;
  /**
   * Reads some records anew that have not been read for longest, and compares them with the tree;
   * returns what is wrong.
   */
  abstract checkSome(records: number): Promise<string | undefined>;
  abstract totals(): Promise<TreeTotals>;
}
