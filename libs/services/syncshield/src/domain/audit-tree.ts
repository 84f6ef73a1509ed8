/** How far the Merkle tree over a tenant's audit log has come. */
export interface AuditTree {
  /** Leaves that the tiles cover. */
  readonly size: number;
  readonly signed: SignedHead | undefined;
  /** Size of the newest checkpoint that lies outside the database. */
  readonly anchoredSize: number;
  /** Why nothing is signed any more. */
  readonly alarm: string | undefined;
}

/** A checkpoint that was signed. */
export interface SignedHead {
  readonly size: number;
  readonly root: Uint8Array;
  /** A signed note of c2sp.org/tlog-checkpoint. */
  readonly note: string;
  readonly signedMs: number;
  /** Raw public keys that signed it, base64, separated by commas. */
  readonly signedBy: string;
}

/** A signed checkpoint on its way out of the database. */
export interface ReleasedCheckpoint {
  readonly tenant: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly signedMs: number;
}

/** Something that the stored log, its tiles and its checkpoint do not agree on. */
export interface AuditFault {
  /** First record that it concerns. */
  readonly seq: number;
  readonly what: 'sequence' | 'record' | 'tile' | 'root' | 'checkpoint';
  readonly message: string;
}

/** Thrown inside a transaction that must not sign; becomes the alarm of the tree. */
export class AuditBroken extends Error {
  constructor(readonly fault: AuditFault) {
    super(fault.message);
  }
}

/** @throws AuditBroken */
export function broken(what: AuditFault['what'], seq: number, message: string): never {
  throw new AuditBroken({ what, seq, message: `At seq ${seq}: ${message}` });
}
