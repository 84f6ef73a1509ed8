import { randomUUID } from 'node:crypto';
import type { Random } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import {
  decrypt,
  encrypt,
  KEY_BYTES,
  mac,
  nonceBytes,
  type WrappingKey,
} from '../../domain/subject-crypto.js';
import { errors } from '../../errors.js';
import { pepperRow, rewrapKeys, rewrapPepper, staleKeys, type KeyRow } from './subject-key-rows.js';

const REWRAP_BATCH = 500;
const PEPPER = 'pepper';

/** Wraps and unwraps subject keys; the key-encryption key stays in this process. */
export class KeyVault {
  private constructor(
    private readonly keks: readonly [WrappingKey, ...WrappingKey[]],
    private readonly pepper: Uint8Array,
    private readonly random: Random,
  ) {}

  /**
   * Reads the pepper, or makes it; what an earlier key-encryption key wrapped is wrapped by the first one.
   * @throws keystore_key_mismatch when none of the keys opens the store
   */
  static async open(
    database: Database,
    keks: readonly [WrappingKey, ...WrappingKey[]],
    random: Random,
  ): Promise<KeyVault> {
    const [current] = keks;
    const wrap = (plain: Uint8Array): { kekId: string; wrapped: Buffer } => ({
      kekId: current.id,
      wrapped: encrypt(current.key, plain, PEPPER, random.bytes(nonceBytes)),
    });
    const row = await pepperRow(database, wrap(random.bytes(KEY_BYTES)));
    const kek = keks.find(({ id }) => id === row.kek_id);
    const pepper = kek && decrypt(kek.key, row.wrapped, PEPPER);
    if (pepper === undefined) throw errors.keystore_key_mismatch();
    const vault = new KeyVault(keks, pepper, random);
    await vault.rewrap(database);
    if (row.kek_id !== current.id) await rewrapPepper(database, row.kek_id, wrap(pepper));
    return vault;
  }

  /** What a subject's key is found by: tells nothing without the pepper. */
  lookupOf(tenant: string, customerId: string): Buffer {
    return mac(this.pepper, 'lookup', tenant, customerId);
  }

  /** HMAC of an identifier that outlives the subject's key. */
  digestOf(tenant: string, kind: string, value: string): string {
    return mac(this.pepper, 'digest', tenant, kind, value).toString('base64url');
  }

  /** A new random key, wrapped. */
  create(lookup: Uint8Array): KeyRow {
    return this.wrapped(randomUUID(), lookup, this.random.bytes(KEY_BYTES));
  }

  /** @throws keystore_key_mismatch when the row was wrapped by a key this process does not have */
  unwrap(row: KeyRow): Uint8Array {
    const kek = this.keks.find(({ id }) => id === row.kek_id);
    const key = kek && decrypt(kek.key, row.wrapped, row.key_id);
    if (key === undefined) throw errors.keystore_key_mismatch();
    return key;
  }

  /** A fresh nonce. */
  nonce(): Uint8Array {
    return this.random.bytes(nonceBytes);
  }

  private wrapped(keyId: string, lookup: Uint8Array, key: Uint8Array): KeyRow {
    const [kek] = this.keks;
    const wrapped = encrypt(kek.key, key, keyId, this.nonce());
    return { key_id: keyId, lookup, kek_id: kek.id, wrapped };
  }

  private async rewrap(database: Database): Promise<void> {
    if (this.keks.length === 1) return;
    for (;;) {
      const rows = await staleKeys(database, this.keks[0].id, REWRAP_BATCH);
      if (rows.length === 0) return;
      const fresh = rows.map((row) => this.wrapped(row.key_id, row.lookup, this.unwrap(row)));
      await rewrapKeys(database, fresh);
    }
  }
}
