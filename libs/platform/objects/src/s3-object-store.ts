import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { kernelErrors } from '@kiki/kernel';
import { errors } from './errors.js';
import { MAX_OBJECT_BYTES, nameOf, objectPath, verify } from './object-name.js';
import { ObjectStore, type StoredObject } from './object-store.js';

/** How to reach a bucket. */
export interface S3ObjectStoreOptions {
  readonly bucket: string;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** S3-compatible endpoint; without it AWS. */
  readonly endpoint?: string;
  /** Bucket in the path instead of the host name. @default true */
  readonly forcePathStyle?: boolean;
  /** Without them the machine's own role, as the AWS SDK finds it. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** @default 67108864 (64 MiB) */
  readonly maxBytes?: number;
  /** Longest time of one request, milliseconds. @default 30000 */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 3000;
const ATTEMPTS = 3;

/**
 * Objects in a bucket, keys `<tenant>/<ab>/<sha256>`. The server checks the SHA-256 of what it receives; what it gives
 * back is checked here. A put asks for "only if absent" and falls back where a store does not know that.
 */
export class S3ObjectStore extends ObjectStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly maxBytes: number;
  private knowsConditions = true;

  constructor(options: S3ObjectStoreOptions) {
    super();
    this.bucket = options.bucket;
    this.maxBytes = options.maxBytes ?? MAX_OBJECT_BYTES;
    this.client = new S3Client({
      region: options.region ?? 'us-east-1',
      forcePathStyle: options.forcePathStyle ?? true,
      maxAttempts: ATTEMPTS,
      // Every put carries its SHA-256; other sums would only break stores that do not know them.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: options.timeoutMs ?? 30_000,
        throwOnRequestTimeout: true,
      },
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.credentials === undefined ? {} : { credentials: { ...options.credentials } }),
    });
  }

  override async put(
    tenant: string,
    bytes: Uint8Array,
    contentType: string,
  ): Promise<StoredObject> {
    const sha256 = nameOf(bytes, contentType, this.maxBytes);
    const wanted: StoredObject = { sha256, bytes: bytes.byteLength, contentType };
    const key = objectPath(tenant, sha256).join('/');
    if (await this.send(key, bytes, wanted, this.knowsConditions)) return wanted;
    const known = await this.head(tenant, sha256);
    if (known?.bytes === wanted.bytes) return known;
    // It vanished meanwhile, or is damaged: the same bytes again are right in any case.
    await this.send(key, bytes, wanted, false);
    return wanted;
  }

  override async get(
    tenant: string,
    sha256: string,
  ): Promise<{ object: StoredObject; bytes: Uint8Array }> {
    const Key = objectPath(tenant, sha256).join('/');
    const found = await this.ask(async () => {
      const answer = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
      return { type: answer.ContentType, bytes: await answer.Body?.transformToByteArray() };
    });
    if (found?.bytes === undefined) throw errors.object_not_found(`There is no object ${sha256}.`);
    verify(found.bytes, sha256);
    return { object: objectOf(sha256, found.bytes.byteLength, found.type), bytes: found.bytes };
  }

  override async head(tenant: string, sha256: string): Promise<StoredObject | undefined> {
    const Key = objectPath(tenant, sha256).join('/');
    const found = await this.ask(() =>
      this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key })),
    );
    return found && objectOf(sha256, found.ContentLength ?? 0, found.ContentType);
  }

  override async ping(): Promise<void> {
    const found = await this.ask(() =>
      this.client.send(new HeadBucketCommand({ Bucket: this.bucket })),
    );
    if (found === undefined) {
      throw kernelErrors.unavailable(`There is no bucket "${this.bucket}".`);
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.client.destroy();
  }

  /** False when the store already has the key, or someone else is writing it at this moment. */
  private async send(
    key: string,
    bytes: Uint8Array,
    object: StoredObject,
    isConditional: boolean,
  ): Promise<boolean> {
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.byteLength,
      ContentType: object.contentType,
      ChecksumSHA256: Buffer.from(object.sha256, 'hex').toString('base64'),
      ...(isConditional ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await this.client.send(command);
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (isConditional && (status === 412 || status === 409)) return false;
      if (!isConditional || status !== 501) throw this.fault(error);
    }
    this.knowsConditions = false;
    return this.send(key, bytes, object, false);
  }

  /** Undefined for "no such key". @throws unavailable */
  private async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (statusOf(error) === 404 && !isNamed(error, 'NoSuchBucket')) return undefined;
      throw this.fault(error);
    }
  }

  private fault(cause: unknown): Error {
    const { name = 'Error', message = '' } = cause as Partial<Error>;
    const reason = message === '' || message === name ? name : `${name}: ${message}`;
    return kernelErrors.unavailable(
      `Bucket "${this.bucket}" cannot be used: ${reason}`,
      { retryAfterMs: 1000 },
      { cause },
    );
  }
}

function objectOf(sha256: string, bytes: number, contentType: string | undefined): StoredObject {
  return { sha256, bytes, contentType: contentType ?? 'application/octet-stream' };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
