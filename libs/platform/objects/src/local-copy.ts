import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { kernelErrors } from '@kiki/kernel';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errors } from './errors.js';

/** How S3 is reached. */
export interface S3Access {
  /** @default 'us-east-1' */
  readonly region?: string;
  /** S3-compatible endpoint, with the bucket in the path; without it AWS. */
  readonly endpoint?: string;
  /** Without them as the AWS SDK finds them: profile or the machine's own role. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** How an object becomes a file. */
export interface LocalCopyOptions {
  readonly access?: S3Access;
  /** Largest object that is copied. @default 17179869184 (16 GiB) */
  readonly maxBytes?: number;
  /** Where the private folder of the copy is made. @default the machine's own for temporary files */
  readonly parentDir?: string;
  readonly signal?: AbortSignal;
  /** Bytes so far, and in all (0: not known). */
  readonly onBytes?: (done: number, total: number) => void;
}

const MAX_COPY_BYTES = 16 * 2 ** 30;
const CONNECT_TIMEOUT_MS = 3_000;
/** Longest silence in the middle of an object. */
const SILENCE_MS = 60_000;
const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*[^/])$/;

/** Whether a location names an object in S3 instead of a file. */
export function isS3Location(location: string): boolean {
  return /^s3:/i.test(location);
}

/**
 * Runs `work` on the path of a file with what lies at `s3://bucket/key`; the copy is removed afterwards, whatever
 * happens. Any other location is a path already and handed on.
 * @throws object_location_invalid, object_not_found, object_access_refused, object_too_large, unavailable, what the
 * signal was aborted with
 */
export async function withLocalCopy<T>(
  location: string,
  options: LocalCopyOptions,
  work: (path: string) => Promise<T>,
): Promise<T> {
  if (!isS3Location(location)) return work(location);
  const [, bucket = '', key = ''] = LOCATION.exec(location) ?? [];
  if (key === '') {
    throw errors.object_location_invalid(`"${location}" is not s3://bucket/key.`, {
      fields: [{ field: 'location', expected: 's3://bucket/key' }],
    });
  }
  const folder = await mkdtemp(join(options.parentDir ?? tmpdir(), 'kiki-copy-'));
  try {
    // Readers go by the ending; the rest of a key may hold anything.
    const path = join(folder, `object${/(\.[a-z0-9]{1,8}){0,2}$/i.exec(key)?.[0] ?? ''}`);
    await copy({ location, bucket, key }, path, options);
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Source {
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
}

async function copy(source: Source, path: string, options: LocalCopyOptions): Promise<void> {
  const { signal, maxBytes = MAX_COPY_BYTES, onBytes } = options;
  signal?.throwIfAborted();
  const client = clientOf(options.access ?? {});
  try {
    const command = new GetObjectCommand({ Bucket: source.bucket, Key: source.key });
    const { Body, ContentLength: total = 0 } = await client.send(command, {
      ...(signal !== undefined && { abortSignal: signal }),
    });
    const body = Body as Readable;
    await checkRoom(source, path, Math.min(total, maxBytes + 1), maxBytes).catch((error) => {
      body.destroy();
      throw error;
    });
    let done = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        done += chunk.length;
        if (done > maxBytes) throw tooLarge(source, `more than ${maxBytes} bytes`);
        onBytes?.(done, total);
        yield chunk;
      }
    };
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(body, counted, file, { ...(signal !== undefined && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(source, error);
  } finally {
    client.destroy();
  }
}

/** Refuses before anything is written what is too large for the limit or the disk. */
async function checkRoom(
  source: Source,
  path: string,
  bytes: number,
  maxBytes: number,
): Promise<void> {
  if (bytes > maxBytes) throw tooLarge(source, `more than ${maxBytes} bytes`);
  const { bavail, bsize } = await statfs(join(path, '..'));
  if (bytes > bavail * bsize) {
    throw tooLarge(source, `${bytes} bytes, and ${bavail * bsize} are free for temporary files`);
  }
}

function tooLarge({ location }: Source, what: string): Error {
  return errors.object_too_large(`${location} has ${what}.`);
}

function clientOf({ region = 'us-east-1', endpoint, credentials }: S3Access): S3Client {
  return new S3Client({
    region,
    maxAttempts: 3,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials: { ...credentials } }),
  });
}

function explained({ location }: Source, cause: unknown): unknown {
  if (cause instanceof Error && 'kind' in cause) return cause;
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const { name = 'Error', message = '' } = cause as Partial<Error>;
  const reason = message === '' || message === name ? name : `${name}: ${message}`;
  if (name === 'CredentialsProviderError' || status === 401 || status === 403) {
    return errors.object_access_refused(`${location} may not be read: ${reason}`, {}, { cause });
  }
  if (status === 404) return errors.object_not_found(`There is no ${location} (${name}).`);
  return kernelErrors.unavailable(
    `${location} cannot be read: ${reason}`,
    { retryAfterMs: 1000 },
    { cause },
  );
}
