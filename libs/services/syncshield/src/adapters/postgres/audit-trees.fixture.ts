import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import {
  checkpointText,
  NoteSigner,
  NoteVerifier,
  publicKeyOf,
  signNote,
} from '@kiki/transparency-log';
import { CheckpointSigner } from '../../application/checkpoint-signer.js';
import type { AuditRecord } from '../../domain/audit-record.js';
import { PostgresAuditKeys } from './audit-key-rows.js';
import { appendAudit } from './audit-rows.js';

const migrationsDir = new URL('../../../migrations/', import.meta.url);

/** Signs with keys in memory. */
export class MemorySigner extends CheckpointSigner {
  isReplaced = false;

  constructor(
    readonly keys: readonly KeyObject[] = [generateKeyPairSync('ed25519').privateKey],
    private readonly prefix = 'test.kiki',
  ) {
    super();
  }

  override whyNot(): string | undefined {
    return this.isReplaced ? 'replaced' : undefined;
  }

  override setReplaced(isReplaced: boolean): void {
    this.isReplaced = isReplaced;
  }

  override origin(tenant: string): string {
    return `${this.prefix}/${tenant}`;
  }

  override sign(tenant: string, size: number, root: Uint8Array): string | undefined {
    const origin = this.origin(tenant);
    const signers = this.keys.map((key) => new NoteSigner(origin, key));
    return signNote(checkpointText({ origin, size, root }), signers);
  }

  override publicKeys(): readonly string[] {
    return this.keys.map((key) => Buffer.from(publicKeyOf(key)).toString('base64'));
  }

  override verifier(tenant: string, publicKey: Uint8Array): NoteVerifier {
    return new NoteVerifier(this.origin(tenant), publicKey);
  }

  /** Makes the first key the newest one of a database. */
  async register(test: TestDatabase): Promise<void> {
    const [key] = this.keys;
    await new PostgresAuditKeys(test.database).register(() =>
      Promise.resolve(key === undefined ? undefined : publicKeyOf(key)),
    );
  }
}

/** A database of SyncShield for audit logs only. */
export function auditDatabase(): Promise<TestDatabase> {
  return createTestDatabase({ schema: 'syncshield', migrationsDir });
}

/** Appends `count` records of a tenant in bundles of `perBundle`. */
export async function appendRecords(
  { database }: TestDatabase,
  tenant: string,
  count: number,
  perBundle = 100,
): Promise<void> {
  for (let from = 0; from < count; from += perBundle) {
    const length = Math.min(perBundle, count - from);
    const records = Array.from({ length }, (_, i) => recordOf(tenant, from + i));
    await database.transaction((tx) => appendAudit(tx, records));
  }
}

function recordOf(tenant: string, number: number): AuditRecord {
  const facts = { holdId: `h${number}`, amountMicros: BigInt(number), note: 'naïve “€” 𝄞' };
  return { tenant, actor: 'key', atMs: 1_700_000_000_000 + number, action: 'hold.approved', facts };
}

/** Runs statements as a superuser whom no trigger stops. */
export async function tamper({ database }: TestDatabase, ...statements: string[]): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.execute('SET LOCAL session_replication_role = replica');
    for (const statement of statements) await tx.execute(statement);
  });
}
