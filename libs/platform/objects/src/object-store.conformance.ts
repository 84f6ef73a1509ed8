/** What every ObjectStore must do; each adapter's spec runs it. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { ObjectStore } from './object-store.js';

/** An adapter under test and how to look behind it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Changes a byte of what is stored. */
  spoil(tenant: string, sha256: string): Promise<void>;
  /** Number of objects that lie in the store. */
  count(): Promise<number>;
  /** Takes away what the store needs, and gives it back. */
  breakDown(): Promise<void>;
  repair(): Promise<void>;
}

const MAX_BYTES = 100_000;
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** @param open a fresh, empty store that takes at most `maxBytes` */
export function objectStoreConformance(
  name: string,
  open: (maxBytes: number) => Promise<StoreUnderTest>,
): void {
  describe(`${name} as an ObjectStore`, () => {
    let under: StoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      under = await open(MAX_BYTES);
      store = under.store;
    });

    it('gives back any bytes under their hash', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
          const object = await store.put('default', bytes, 'image/png');
          expect(object).toEqual({
            sha256: hash(bytes),
            bytes: bytes.length,
            contentType: 'image/png',
          });
          const found = await store.get('default', object.sha256);
          expect(found.object).toEqual(object);
          expect(Buffer.compare(found.bytes, bytes)).toBe(0);
          expect(await store.head('default', object.sha256)).toEqual(object);
        }),
        { numRuns: 25 },
      );
    });

    it('takes an object of exactly the limit and refuses one byte more', async () => {
      expect(await store.put('default', new Uint8Array(MAX_BYTES), 'a/b')).toMatchObject({
        bytes: MAX_BYTES,
      });
      await expect(
        store.put('default', new Uint8Array(MAX_BYTES + 1), 'a/b'),
      ).rejects.toMatchObject({ code: 'object_too_large', kind: 'too_large' });
      expect(await under.count()).toBe(1);
    });

    it('stores the same bytes once and keeps the first content type', async () => {
      const first = await store.put('default', bytesOf('same'), 'text/plain; charset=utf-8');
      expect(await store.put('default', bytesOf('same'), 'image/png')).toEqual(first);
      expect(await store.head('default', first.sha256)).toEqual(first);
      expect(await under.count()).toBe(1);
    });

    it('serves many who store the same bytes at once', async () => {
      const bytes = bytesOf('raced for');
      const puts = Array.from({ length: 16 }, () => store.put('default', bytes, 'text/plain'));
      for (const object of await Promise.all(puts)) expect(object.sha256).toBe(hash(bytes));
      expect(Buffer.from((await store.get('default', hash(bytes))).bytes).toString()).toBe(
        'raced for',
      );
      expect(await under.count()).toBe(1);
    });

    it('keeps tenants apart', async () => {
      const { sha256 } = await store.put('tenant-a', bytesOf('mine'), 'text/plain');
      expect(await store.head('tenant-b', sha256)).toBeUndefined();
      await expect(store.get('tenant-b', sha256)).rejects.toMatchObject({
        code: 'object_not_found',
        kind: 'not_found',
      });
      await store.put('tenant-b', bytesOf('mine'), 'text/plain');
      expect(await under.count()).toBe(2);
    });

    it.each([
      '',
      '..',
      '../tenant',
      'a/b',
      'A',
      '.incoming',
      'x'.repeat(64),
      'a\0b',
      'ä',
      '%2e%2e',
    ])('refuses the tenant %j', async (tenant) => {
      const refusal = { code: 'object_invalid', kind: 'invalid' };
      await expect(store.put(tenant, bytesOf('x'), 'a/b')).rejects.toMatchObject(refusal);
      await expect(store.get(tenant, hash(bytesOf('x')))).rejects.toMatchObject(refusal);
      await expect(store.head(tenant, hash(bytesOf('x')))).rejects.toMatchObject(refusal);
      expect(await under.count()).toBe(0);
    });

    it.each(['', 'abc', '../../default', 'A'.repeat(64), `${'a'.repeat(63)}/`, 'a'.repeat(65)])(
      'refuses the hash %j',
      async (sha256) => {
        const refusal = { code: 'object_invalid' };
        await expect(store.get('default', sha256)).rejects.toMatchObject(refusal);
        await expect(store.head('default', sha256)).rejects.toMatchObject(refusal);
      },
    );

    it.each(['', 'png', 'image/png\r\nx-evil: 1', 'a/b; x=\n', '/', 'a/'])(
      'refuses the content type %j',
      async (contentType) => {
        await expect(store.put('default', bytesOf('x'), contentType)).rejects.toMatchObject({
          code: 'object_invalid',
          details: { fields: [{ field: 'contentType' }] },
        });
      },
    );

    it('never gives out damaged bytes', async () => {
      const { sha256 } = await store.put('default', bytesOf('precious'), 'text/plain');
      await under.spoil('default', sha256);
      await expect(store.get('default', sha256)).rejects.toMatchObject({ code: 'object_corrupt' });
    });

    it('says unavailable, not absent, while what it needs is away', async () => {
      const { sha256 } = await store.put('default', bytesOf('there'), 'text/plain');
      await store.ping();
      await under.breakDown();
      const outage = { code: 'unavailable', kind: 'unavailable', isRetryable: true };
      await expect(store.ping()).rejects.toMatchObject(outage);
      await expect(store.get('default', sha256)).rejects.toMatchObject(outage);
      await expect(store.head('default', sha256)).rejects.toMatchObject(outage);
      await expect(store.put('default', bytesOf('new'), 'a/b')).rejects.toMatchObject(outage);
      await under.repair();
      await store.ping();
      expect(await store.head('default', sha256)).toMatchObject({ sha256 });
    });
  });
}
