import { join } from 'node:path';
import { errors } from './errors.js';
import { FileObjectStore } from './file-object-store.js';
import type { ObjectStore } from './object-store.js';
import { S3ObjectStore } from './s3-object-store.js';

/** The settings that choose the store; the shared configuration has them all. */
export interface ObjectStoreConfig {
  /** KIKI_HOME. */
  readonly home: string;
  /** S3_BUCKET; without it objects are files in `<home>/objects`. */
  readonly s3Bucket?: string | undefined;
  readonly s3Endpoint?: string | undefined;
  readonly s3Region?: string | undefined;
  readonly s3AccessKeyId?: string | undefined;
  readonly s3SecretAccessKey?: string | undefined;
  readonly s3ForcePathStyle?: boolean | undefined;
}

/** A store and how it is named in `/ready` and at start. */
export interface OpenObjectStore {
  readonly kind: 'files' | 's3';
  readonly store: ObjectStore;
  /** Lets go of connections; stored objects need nothing. */
  close(): void;
}

/**
 * Opens the bucket that S3_BUCKET names, else files in KIKI_HOME; nothing is connected yet. @throws
 * object_store_settings
 */
export function openObjectStore(config: ObjectStoreConfig): OpenObjectStore {
  const { home, s3Bucket: bucket } = config;
  if (bucket === undefined) {
    const store = new FileObjectStore({ root: join(home, 'objects') });
    return { kind: 'files', store, close: () => undefined };
  }
  const store = new S3ObjectStore({
    bucket,
    ...(config.s3Region === undefined ? {} : { region: config.s3Region }),
    ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint }),
    ...(config.s3ForcePathStyle === undefined ? {} : { forcePathStyle: config.s3ForcePathStyle }),
    ...credentialsOf(config),
  });
  return { kind: 's3', store, close: () => store.close() };
}

function credentialsOf(config: ObjectStoreConfig) {
  const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = config;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { credentials: { accessKeyId, secretAccessKey } };
  }
  if (accessKeyId === undefined && secretAccessKey === undefined) return {};
  const field = accessKeyId === undefined ? 'S3_ACCESS_KEY_ID' : 'S3_SECRET_ACCESS_KEY';
  throw errors.object_store_settings(`${field} is not set, but its other half is.`, {
    fields: [{ field, expected: 'to be set together with its other half' }],
  });
}
