import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { LRUCache } from 'lru-cache';
import { BELIEVED_MS, SubjectKeys, type Tombstone } from '../../application/subject-keys.js';
import { decrypt, encrypt, pseudonymOf } from '../../domain/subject-crypto.js';
import { errors } from '../../errors.js';
import type { KeyVault } from './key-vault.js';
import {
  deleteKey,
  insertKeys,
  lastEraseNo,
  readKeyById,
  readKeys,
  type KeyRow,
} from './subject-key-rows.js';

interface Known {
  readonly keyId: string;
  readonly key: Uint8Array;
  readonly pseudonym: string;
}

/** Subjects remembered, each some 300 bytes. */
const CACHED_SUBJECTS = 50_000;
const SEALED = /^v1\.([0-9a-f-]{36})\.([A-Za-z0-9_-]+)$/;

/** Subject keys in PostgreSQL, wrapped; see `keystore-migrations/`. */
export class PostgresSubjectKeys extends SubjectKeys {
  private readonly cache = new LRUCache<string, Known>({ max: CACHED_SUBJECTS });
  private eraseNo = -1n;
  private checkedMs = Number.NEGATIVE_INFINITY;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: KeyVault,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async pseudonym(tenant: string, customerId: string): Promise<string> {
    return (await this.knownOne(tenant, customerId)).pseudonym;
  }

  override async pseudonyms(
    tenant: string,
    customerIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const known = await this.known(tenant, customerIds);
    return new Map([...known].map(([id, { pseudonym }]) => [id, pseudonym]));
  }

  override async find(tenant: string, customerId: string): Promise<string | undefined> {
    const rows = await readKeys(this.database, tenant, [this.vault.lookupOf(tenant, customerId)]);
    return rows[0] && pseudonymOf(this.vault.unwrap(rows[0]), customerId);
  }

  override async seal(tenant: string, customerId: string, details: string): Promise<string> {
    const { keyId, key } = await this.knownOne(tenant, customerId);
    const context = contextOf(tenant, keyId);
    const sealed = encrypt(key, Buffer.from(details, 'utf8'), context, this.vault.nonce());
    return `v1.${keyId}.${sealed.toString('base64url')}`;
  }

  override async open(tenant: string, sealed: string): Promise<string | undefined> {
    const [, keyId, body] = SEALED.exec(sealed) ?? [];
    if (keyId === undefined || body === undefined) throw errors.sealed_details_invalid();
    const row = await readKeyById(this.database, tenant, keyId);
    if (row === undefined) return undefined;
    const bytes = Buffer.from(body, 'base64url');
    const plain = decrypt(this.vault.unwrap(row), bytes, contextOf(tenant, keyId));
    if (plain === undefined) throw errors.sealed_details_invalid();
    return plain.toString('utf8');
  }

  override async erase(
    tenant: string,
    customerId: string,
    requestId: string,
  ): Promise<Tombstone | undefined> {
    const lookup = this.vault.lookupOf(tenant, customerId);
    const nowMs = Math.floor(this.clock.nowMs());
    const gone = await this.database.transaction((tx) =>
      deleteKey(tx, { tenant, lookup, requestId }, nowMs),
    );
    this.cache.delete(cacheKey(tenant, customerId));
    return gone;
  }

  override digest(tenant: string, kind: string, value: string): Promise<string> {
    return Promise.resolve(this.vault.digestOf(tenant, kind, value));
  }

  private async knownOne(tenant: string, customerId: string): Promise<Known> {
    const known = (await this.known(tenant, [customerId])).get(customerId);
    if (known === undefined) throw new Error('a subject key that was made cannot be read');
    return known;
  }

  private async known(
    tenant: string,
    customerIds: readonly string[],
  ): Promise<ReadonlyMap<string, Known>> {
    await this.believeCache();
    const found = new Map<string, Known>();
    const missing = new Map<string, Buffer>();
    for (const id of customerIds) {
      const known = this.cache.get(cacheKey(tenant, id));
      if (known === undefined) missing.set(id, this.vault.lookupOf(tenant, id));
      else found.set(id, known);
    }
    if (missing.size === 0) return found;
    const { eraseNo } = this;
    const rows = await this.readOrMake(tenant, [...missing.values()]);
    for (const [id, lookup] of missing) {
      const row = rows.get(lookup.toString('hex'));
      if (row === undefined) continue;
      const known = this.unwrapped(row, id);
      // What was read before an erasure became known may not outlive it.
      if (eraseNo === this.eraseNo) this.cache.set(cacheKey(tenant, id), known);
      found.set(id, known);
    }
    return found;
  }

  private unwrapped(row: KeyRow, customerId: string): Known {
    const key = this.vault.unwrap(row);
    return { keyId: row.key_id, key, pseudonym: pseudonymOf(key, customerId) };
  }

  private async readOrMake(
    tenant: string,
    lookups: readonly Buffer[],
  ): Promise<ReadonlyMap<string, KeyRow>> {
    const rows = byLookup(await readKeys(this.database, tenant, lookups));
    const absent = lookups.filter((lookup) => !rows.has(lookup.toString('hex')));
    if (absent.length === 0) return rows;
    const made = absent.map((lookup) => this.vault.create(lookup));
    await insertKeys(this.database, tenant, made, Math.floor(this.clock.nowMs()));
    return byLookup(await readKeys(this.database, tenant, lookups));
  }

  /** Asks at most once a second whether another process erased somebody; if so, everything is read anew. */
  private async believeCache(): Promise<void> {
    if (this.clock.monotonicMs() - this.checkedMs < BELIEVED_MS) return;
    this.checking ??= this.check().finally(() => (this.checking = undefined));
    await this.checking;
  }

  private async check(): Promise<void> {
    const askedMs = this.clock.monotonicMs();
    const eraseNo = await lastEraseNo(this.database);
    if (eraseNo !== this.eraseNo) this.cache.clear();
    this.eraseNo = eraseNo;
    this.checkedMs = askedMs;
  }
}

const cacheKey = (tenant: string, customerId: string): string => `${tenant}\u0000${customerId}`;
const contextOf = (tenant: string, keyId: string): string => JSON.stringify([tenant, keyId]);

function byLookup(rows: readonly KeyRow[]): Map<string, KeyRow> {
  return new Map(rows.map((row) => [Buffer.from(row.lookup).toString('hex'), row]));
}
