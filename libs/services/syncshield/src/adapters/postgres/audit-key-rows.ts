import type { Database, Queryable, Row } from '@kiki/postgres';
import { AuditKeys } from '../../application/audit-keys.js';
import { STORE_NOW } from './store-time.js';

/** A public key that signs, or has signed, checkpoints. */
export interface AuditKeyRow {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly addedMs: number;
}

interface KeyRow extends Row {
  public_key: Buffer;
  added_ms: bigint;
}

/** Every known key, the newest first. */
export async function findAuditKeys(tx: Queryable): Promise<AuditKeyRow[]> {
  const rows = await tx.query<KeyRow>(
    'SELECT public_key, added_ms FROM audit_keys ORDER BY key_no DESC',
  );
  return rows.map((row) => ({ publicKey: row.public_key, addedMs: Number(row.added_ms) }));
}

/** Public keys in PostgreSQL, decided on under one lock. */
export class PostgresAuditKeys extends AuditKeys {
  constructor(private readonly database: Database) {
    super();
  }

  override async register(
    decide: (known: readonly Uint8Array[]) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('kiki audit keys', 0))`);
      const known = await findAuditKeys(tx);
      const added = await decide(known.map(({ publicKey }) => publicKey));
      if (added === undefined) return;
      await tx.execute(
        `INSERT INTO audit_keys (public_key, added_ms) VALUES ($1, ${STORE_NOW})
         ON CONFLICT (public_key) DO NOTHING`,
        [added],
      );
    });
  }
}
