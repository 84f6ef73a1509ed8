/**
 * Goal: pseudonyms are stable until the key is destroyed and new afterwards; the store alone says nothing; a key is
 * never read with another key-encryption key.
 * Method: the adapter on a real PostgreSQL, two processes as two instances, bytes of the tables read back.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeClock, createTestDatabase, type TestDatabase } from '@kiki/testing';
import { SystemClock, SystemRandom } from '@kiki/kernel';
import { wrappingKeyOf } from '../../domain/subject-crypto.js';
import { KeyVault } from './key-vault.js';
import { PostgresSubjectKeys } from './postgres-subject-keys.js';
import { deleteKey, KEYSTORE_SCHEMA } from './subject-key-rows.js';

const T = 'default';
const SECRET = 'a secret of at least thirty-two characters';
const random = new SystemRandom();
const clock = new FakeClock();
let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase({
    schema: KEYSTORE_SCHEMA,
    migrationsDir: new URL('../../../keystore-migrations/', import.meta.url),
  });
});
afterAll(() => db.drop());

const vaultOf = (secret = SECRET, ...earlier: string[]): Promise<KeyVault> =>
  KeyVault.open(db.database, [wrappingKeyOf(secret), ...earlier.map(wrappingKeyOf)], random);

async function open(...secrets: string[]): Promise<PostgresSubjectKeys> {
  return new PostgresSubjectKeys(db.database, await vaultOf(...secrets), clock);
}

async function bytesOfStore(): Promise<string> {
  const tables = ['peppers', 'subject_keys', 'tombstones'];
  const rows = await Promise.all(
    tables.map((table) => db.database.query(`SELECT t::text AS line FROM ${table} AS t`)),
  );
  return rows
    .flat()
    .map(({ line }) => String(line))
    .join('\n');
}

describe('subject keys', () => {
  it('give one pseudonym per tenant and customer, in every process', async () => {
    const [one, two] = [await open(), await open()];
    const ids = ['anna@example.test', 'bert', 'clara'];
    const [a, b] = await Promise.all([one.pseudonyms(T, ids), two.pseudonyms(T, ids)]);
    expect(a).toEqual(b);
    expect(a.size).toBe(3);
    expect(new Set(a.values()).size).toBe(3);
    expect(await one.pseudonym(T, 'bert')).toBe(a.get('bert'));
    expect(a.get('bert')).toMatch(/^sub_[A-Za-z0-9_-]{43}$/);
    expect(await one.pseudonym('other', 'bert')).not.toBe(a.get('bert'));
    expect(await one.find(T, 'nobody')).toBeUndefined();
    expect(await one.find(T, 'bert')).toBe(a.get('bert'));
  });

  it('destroy: a new subject everywhere within a second, sealed details gone', async () => {
    const [one, two] = [await open(), await open()];
    const before = await two.pseudonym(T, 'dora');
    const sealed = await one.seal(T, 'dora', 'dora lives in Köln');
    expect(await two.open(T, sealed)).toBe('dora lives in Köln');
    const gone = await one.erase(T, 'dora', 'r1');
    expect(gone).toMatchObject({ requestId: 'r1' });
    expect(await one.erase(T, 'dora', 'r1')).toBeUndefined();
    expect(await two.open(T, sealed)).toBeUndefined();
    await clock.advance(1_000);
    const after = await two.pseudonym(T, 'dora');
    expect(after).not.toBe(before);
    expect(await one.pseudonym(T, 'dora')).toBe(after);
  });

  it('destroy two at once: nobody is remembered whose erasure became visible late', async () => {
    const [one, two] = [await open(), await open()];
    const before = await two.pseudonyms(T, ['hans', 'ida']);
    const lookup = (await vaultOf()).lookupOf(T, 'hans');
    let erasing: Promise<unknown> = Promise.resolve();
    await db.database.transaction(async (tx) => {
      await deleteKey(tx, { tenant: T, lookup, requestId: 'r3' }, 1);
      erasing = one.erase(T, 'ida', 'r4');
      await Promise.race([erasing, new SystemClock().sleep(300)]);
      // The other process looks while the first erasure is not visible yet.
      await clock.advance(1_000);
      await two.pseudonyms(T, ['hans', 'ida']);
    });
    await erasing;
    await clock.advance(1_000);
    const after = await two.pseudonyms(T, ['hans', 'ida']);
    expect(after.get('ida')).not.toBe(before.get('ida'));
    expect(after.get('hans')).not.toBe(before.get('hans'));
  });

  it('refuse altered details and those of another tenant', async () => {
    const keys = await open();
    const sealed = await keys.seal(T, 'emil', 'x'.repeat(100));
    const altered = sealed.slice(0, -2) + (sealed.endsWith('A') ? 'BB' : 'AA');
    await expect(keys.open(T, altered)).rejects.toMatchObject({ code: 'sealed_details_invalid' });
    await expect(keys.open(T, 'v1.x')).rejects.toMatchObject({ code: 'sealed_details_invalid' });
    expect(await keys.open('other', sealed)).toBeUndefined();
  });

  it('keep no identifier and no usable key in the store', async () => {
    const keys = await open();
    await keys.pseudonym(T, 'canary-4711');
    await keys.erase(T, 'canary-4711', 'r2');
    await keys.pseudonym(T, 'canary-4712');
    const bytes = await bytesOfStore();
    expect(bytes).not.toContain('canary');
    expect(bytes).not.toContain(Buffer.from('canary').toString('hex'));
    expect(bytes).not.toContain(SECRET);
  });

  it('know subjects by digests that differ by tenant and kind and outlive the key', async () => {
    const keys = await open();
    const digest = await keys.digest(T, 'email', 'f@example.test');
    expect(await (await open()).digest(T, 'email', 'f@example.test')).toBe(digest);
    expect(await keys.digest(T, 'customer', 'f@example.test')).not.toBe(digest);
    expect(await keys.digest('other', 'email', 'f@example.test')).not.toBe(digest);
  });

  it('open with the right wrapping key only, and are wrapped anew by a new one', async () => {
    const before = await (await open()).pseudonym(T, 'gert');
    const next = 'another secret of at least thirty-two characters';
    await expect(open(next)).rejects.toMatchObject({ code: 'keystore_key_mismatch' });
    expect(await (await open(next, SECRET)).pseudonym(T, 'gert')).toBe(before);
    expect(await (await open(next)).pseudonym(T, 'gert')).toBe(before);
    await expect(open(SECRET)).rejects.toMatchObject({ code: 'keystore_key_mismatch' });
  });
});
