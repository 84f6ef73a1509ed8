/**
 * Goal: an object in S3 is read as a file that nobody finds afterwards, and what goes wrong is said. Method: the AWS client
 * against the S3 server of @kiki/testing, and against a server that stops in the middle.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort, startS3, type TestS3 } from '@kiki/testing';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLocalCopy, type LocalCopyOptions } from './local-copy.js';

let s3: TestS3;
let parentDir: string;

beforeAll(async () => {
  s3 = await startS3();
  parentDir = mkdtempSync(join(tmpdir(), 'kiki-copies-'));
});
beforeEach(() => s3.objects.clear());
afterAll(async () => {
  rmSync(parentDir, { recursive: true, force: true });
  await s3.stop();
});

function put(key: string, bytes: Buffer): string {
  s3.objects.set(key, { bytes, contentType: 'text/csv' });
  return `s3://${s3.bucket}/${key}`;
}

function options(changes: Partial<LocalCopyOptions> = {}): LocalCopyOptions {
  const { accessKeyId, secretAccessKey, endpoint, region } = s3;
  const access = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  return { access, parentDir, ...changes };
}

/** What a failed copy said; nothing is left of it. */
async function failure(location: string, changes: Partial<LocalCopyOptions> = {}) {
  const caught: unknown = await withLocalCopy(location, options(changes), async () => 'read').catch(
    (error: unknown) => error,
  );
  expect(readdirSync(parentDir)).toEqual([]);
  return caught as { code: string; message: string };
}

describe('a local copy', () => {
  it('has the bytes and the ending of the object, and is gone afterwards', async () => {
    const bytes = Buffer.alloc(3_000_000, 'order ');
    const location = put('logs/2025 März/orders.csv.gz', bytes);
    const seen: [number, number][] = [];
    const onBytes = (done: number, total: number): void => void seen.push([done, total]);
    const path = await withLocalCopy(location, options({ onBytes }), async (copy) => {
      expect(readFileSync(copy).equals(bytes)).toBe(true);
      expect(statSync(copy).mode & 0o077).toBe(0);
      return copy;
    });
    expect(path).toMatch(/object\.csv\.gz$/);
    expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(readdirSync(parentDir)).toEqual([]);
  });

  it('is gone also when the work on it fails', async () => {
    const work = withLocalCopy(put('a.csv', Buffer.from('x')), options(), async () => {
      throw new Error('the work');
    });
    await expect(work).rejects.toThrow('the work');
    expect(readdirSync(parentDir)).toEqual([]);
  });

  it('is not made of what is a path already', async () => {
    expect(await withLocalCopy('s3/a.csv', options(), async (path) => path)).toBe('s3/a.csv');
    expect(s3.log.filter((line) => line.includes('s3/a.csv'))).toEqual([]);
  });

  it('says what is not there, not allowed, too large or no location', async () => {
    const location = put('a.csv', Buffer.alloc(11));
    expect(await failure(`s3://${s3.bucket}/b.csv`)).toMatchObject({ code: 'object_not_found' });
    expect(await failure('s3://another-bucket/a.csv')).toMatchObject({
      code: 'object_not_found',
      message: expect.stringContaining('NoSuchBucket') as unknown,
    });
    const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: 'a wrong secret' };
    const { endpoint, region } = s3;
    const refused = await failure(location, { access: { endpoint, region, credentials } });
    expect(refused).toMatchObject({ code: 'object_access_refused' });
    expect(refused.message).toMatch(/SignatureDoesNotMatch/);
    expect(refused.message).not.toContain('secret');
    const large = await failure(location, { maxBytes: 10 });
    expect(large).toMatchObject({ code: 'object_too_large' });
    expect(large.message).toContain('more than 10 bytes');
    for (const wrong of ['s3://', 's3://bucket', 's3://bucket/', 's3:/bucket/key', 'S3://B/k']) {
      expect(await failure(wrong)).toMatchObject({ code: 'object_location_invalid' });
    }
    const away = { endpoint: `http://127.0.0.1:${await freePort()}`, credentials };
    expect(await failure(location, { access: away })).toMatchObject({ code: 'unavailable' });
  });
});

describe('a copy that does not come to its end', () => {
  let server: Server;
  let endpoint: string;
  let hangUp = true;
  const credentials = { accessKeyId: 'key', secretAccessKey: 'key' };

  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write(Buffer.alloc(500_000));
      if (hangUp) setTimeout(() => response.destroy(), 50);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is an outage when the server hangs up', async () => {
    hangUp = true;
    const access = { endpoint, credentials };
    expect(await failure('s3://bucket/a.csv', { access })).toMatchObject({ code: 'unavailable' });
  });

  it('ends at once when it is left', async () => {
    hangUp = false;
    const leave = new AbortController();
    const onBytes = (): void => leave.abort(new Error('left'));
    const access = { endpoint, credentials };
    const left = await failure('s3://bucket/a.csv', { access, signal: leave.signal, onBytes });
    expect(left.message).toBe('left');
  });
});
