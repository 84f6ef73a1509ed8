/**
 * Goal: objects in a bucket keep every promise of the port, over S3's own protocol, also when the bucket misbehaves.
 * Method: the AWS client against the S3 server of @kiki/testing, which checks signatures and sums; any other S3-compatible
 * server named by KIKI_TEST_S3_ENDPOINT (bucket `kiki-objects`, keys S3RVER/S3RVER) runs the same suite.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describeUnless, freePort, startS3, type TestS3 } from '@kiki/testing';
import { objectStoreConformance } from './object-store.conformance.js';
import { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.js';

let s3: TestS3;
const opened: S3ObjectStore[] = [];

beforeAll(async () => {
  s3 = await startS3();
});

afterAll(async () => {
  for (const store of opened) store.close();
  await s3.stop();
});

function open(changes: Partial<S3ObjectStoreOptions> = {}): S3ObjectStore {
  const { accessKeyId, secretAccessKey, endpoint, bucket, region } = s3;
  const credentials = { accessKeyId, secretAccessKey };
  const store = new S3ObjectStore({ endpoint, bucket, region, credentials, ...changes });
  opened.push(store);
  return store;
}

const keyOf = (tenant: string, sha256: string): string =>
  `${tenant}/${sha256.slice(0, 2)}/${sha256}`;

objectStoreConformance('S3ObjectStore', async (maxBytes) => {
  s3.objects.clear();
  s3.isWithoutConditions = false;
  let isDown = false;
  const working = open({ maxBytes });
  // A port where nobody listens: the client's own retries included, that is what an outage looks like.
  const away = open({ maxBytes, endpoint: `http://127.0.0.1:${await freePort()}` });
  const pick = (): S3ObjectStore => (isDown ? away : working);
  return {
    store: {
      put: (...args) => pick().put(...args),
      get: (...args) => pick().get(...args),
      head: (...args) => pick().head(...args),
      ping: () => pick().ping(),
    },
    spoil: async (tenant, sha256) => {
      const entry = s3.objects.get(keyOf(tenant, sha256));
      entry!.bytes = Buffer.from(entry!.bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)));
    },
    count: async () => s3.objects.size,
    breakDown: async () => void (isDown = true),
    repair: async () => void (isDown = false),
  };
});

describe('S3ObjectStore', () => {
  const bytes = Buffer.from('a picture');
  beforeEach(() => {
    s3.objects.clear();
    s3.log.length = 0;
    s3.isWithoutConditions = false;
  });

  it('asks the server to write only what is absent', async () => {
    const { sha256 } = await open().put('default', bytes, 'image/png');
    s3.objects.set(keyOf('default', sha256), { bytes, contentType: 'text/first' });
    expect(await open().put('default', bytes, 'image/png')).toMatchObject({
      contentType: 'text/first',
    });
    const key = keyOf('default', sha256);
    expect(s3.log).toEqual([`PUT ${key} 200`, `PUT ${key} 412`, `HEAD ${key} 200`]);
  });

  it('does without conditions where a store does not know them, and asks only once', async () => {
    s3.isWithoutConditions = true;
    const store = open();
    await store.put('default', bytes, 'image/png');
    await store.put('default', Buffer.from('another'), 'image/png');
    expect(s3.log.map((line) => line.slice(-3))).toEqual(['501', '200', '200']);
    expect(s3.objects.size).toBe(2);
  });

  it('writes again over an object that was cut short', async () => {
    const store = open();
    const { sha256 } = await store.put('default', bytes, 'image/png');
    s3.objects.get(keyOf('default', sha256))!.bytes = Buffer.from('a pict');
    await store.put('default', bytes, 'image/png');
    expect((await store.get('default', sha256)).object.bytes).toBe(bytes.length);
  });

  it('retries what a busy store refuses', async () => {
    s3.failNext(503, 'SlowDown');
    s3.failNext(500, 'InternalError');
    await open().put('default', bytes, 'image/png');
    expect(s3.log.map((line) => line.slice(-3))).toEqual(['503', '500', '200']);
  });

  it('settles a conflict of two writers', async () => {
    s3.failNext(409, 'ConditionalRequestConflict');
    await open().put('default', bytes, 'image/png');
    expect(s3.objects.size).toBe(1);
  });

  it('says which bucket refuses it and why, and gives away no secret', async () => {
    const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: 'a wrong secret' };
    const error: unknown = await open({ credentials })
      .put('default', bytes, 'image/png')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect((error as Error).message).toMatch(/"kiki-objects".*SignatureDoesNotMatch/);
    expect((error as Error).message).not.toContain('secret');
    await expect(open({ bucket: 'other-bucket' }).ping()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'There is no bucket "other-bucket".',
    });
    const absent = open({ bucket: 'other-bucket' }).get('default', 'a'.repeat(64));
    await expect(absent).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is told by the server when a proxy changed the bytes', async () => {
    // The same request as the store's, with a sum that does not belong to the body.
    const client = new S3Client({
      ...{ endpoint: s3.endpoint, region: s3.region, forcePathStyle: true },
      credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    });
    const wrong = new PutObjectCommand({
      ...{ Bucket: s3.bucket, Key: 'default/aa/x', Body: bytes },
      ChecksumSHA256: Buffer.alloc(32).toString('base64'),
    });
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    client.destroy();
    expect(s3.objects.size).toBe(0);
  });
});

const other = process.env['KIKI_TEST_S3_ENDPOINT'];
describeUnless(other ? undefined : 'KIKI_TEST_S3_ENDPOINT is not set', 'another S3 server', () => {
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  const settings = { endpoint: other ?? '', region: 'us-east-1', credentials };
  const Bucket = 'kiki-objects';
  objectStoreConformance('S3ObjectStore elsewhere', async (maxBytes) => {
    const client = new S3Client({ ...settings, forcePathStyle: true });
    const list = async (): Promise<string[]> => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key = '' }) => Key);
    };
    for (const Key of await list()) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const working = new S3ObjectStore({ ...settings, bucket: Bucket, maxBytes });
    const away = new S3ObjectStore({ ...settings, bucket: Bucket, endpoint: 'http://127.0.0.1:9' });
    let isDown = false;
    const pick = (): S3ObjectStore => (isDown ? away : working);
    return {
      store: {
        put: (...args) => pick().put(...args),
        get: (...args) => pick().get(...args),
        head: (...args) => pick().head(...args),
        ping: () => pick().ping(),
      },
      spoil: async (tenant, sha256) => {
        const Key = keyOf(tenant, sha256);
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from('q') }));
      },
      count: async () => (await list()).length,
      breakDown: async () => void (isDown = true),
      repair: async () => void (isDown = false),
    };
  });
});
