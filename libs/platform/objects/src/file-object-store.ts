import { randomUUID } from 'node:crypto';
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { errors } from './errors.js';
import { MAX_OBJECT_BYTES, nameOf, objectPath, sha256Of, verify } from './object-name.js';
import { ObjectStore, type StoredObject } from './object-store.js';

/** Where objects lie. */
export interface FileObjectStoreOptions {
  /** e.g. `$KIKI_HOME/objects`; created when missing. */
  readonly root: string;
  /** @default 67108864 (64 MiB) */
  readonly maxBytes?: number;
}

interface Paths {
  readonly folder: string;
  /** The bytes as they are. */
  readonly data: string;
  /** The content type, written before the bytes: an object exists when its bytes do. */
  readonly facts: string;
}

/** Holds files until they are complete; no tenant may have a dot in its name. */
const INCOMING = '.incoming';
const LEFTOVER_AFTER_MS = 3_600_000;

/**
 * Objects as files `<root>/<tenant>/<ab>/<sha256>`. A file is written beside, synced, and gets its name by a hard link,
 * which fails when the name exists: a kill at any moment leaves the whole object or none.
 */
export class FileObjectStore extends ObjectStore {
  private readonly root: string;
  private readonly maxBytes: number;
  /** Folders whose own names are known to be on the disk. */
  private readonly durable = new Map<string, Promise<void>>();

  constructor(options: FileObjectStoreOptions) {
    super();
    this.root = resolve(options.root);
    this.maxBytes = options.maxBytes ?? MAX_OBJECT_BYTES;
  }

  override async put(
    tenant: string,
    bytes: Uint8Array,
    contentType: string,
  ): Promise<StoredObject> {
    const sha256 = nameOf(bytes, contentType, this.maxBytes);
    const paths = this.pathsOf(tenant, sha256);
    return orUnavailable(async () => {
      const facts = Buffer.from(JSON.stringify({ contentType }));
      const store = async (): Promise<void> => {
        await this.durableFolder(join(this.root, INCOMING));
        await this.durableFolder(paths.folder);
        await this.publish(paths.facts, facts);
        await this.publish(paths.data, bytes, sha256);
        await syncFolder(paths.folder);
      };
      await store().catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        this.durable.clear(); // somebody deleted a folder under us
        return store();
      });
      return { sha256, bytes: bytes.byteLength, contentType: await contentTypeOf(paths) };
    });
  }

  override async get(
    tenant: string,
    sha256: string,
  ): Promise<{ object: StoredObject; bytes: Uint8Array }> {
    const paths = this.pathsOf(tenant, sha256);
    const bytes = await orUnavailable(() => orAbsent(readFile(paths.data)));
    if (bytes === undefined) throw errors.object_not_found(`There is no object ${sha256}.`);
    verify(bytes, sha256);
    const contentType = await orUnavailable(() => contentTypeOf(paths));
    return { object: { sha256, bytes: bytes.byteLength, contentType }, bytes };
  }

  override async head(tenant: string, sha256: string): Promise<StoredObject | undefined> {
    const paths = this.pathsOf(tenant, sha256);
    return orUnavailable(async () => {
      const info = await orAbsent(stat(paths.data));
      if (info === undefined) return undefined;
      return { sha256, bytes: info.size, contentType: await contentTypeOf(paths) };
    });
  }

  /** Writes a byte, so that a full or read-only disk shows. */
  override async ping(): Promise<void> {
    await orUnavailable(async () => {
      await this.durableFolder(join(this.root, INCOMING));
      const probe = join(this.root, INCOMING, `probe-${randomUUID()}`);
      await writeFile(probe, '.', { flag: 'wx', mode: 0o600 });
      await rm(probe, { force: true });
    });
  }

  private pathsOf(tenant: string, sha256: string): Paths {
    const [owner, prefix, name] = objectPath(tenant, sha256);
    const folder = join(this.root, owner, prefix);
    return { folder, data: join(folder, name), facts: join(folder, `${name}.json`) };
  }

  /** Gives a complete, synced file its name; the first one keeps it unless its bytes have another hash. */
  private async publish(path: string, bytes: Uint8Array, sha256?: string): Promise<void> {
    const draft = join(this.root, INCOMING, randomUUID());
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(draft, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const isDamaged = sha256 !== undefined && sha256Of(await readFile(path)) !== sha256;
      if (isDamaged) await rename(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Makes a folder and syncs the folders above it, so that its name survives a power cut too; once per process. */
  private durableFolder(folder: string): Promise<void> {
    let made = this.durable.get(folder);
    if (made === undefined) {
      made = this.makeFolder(folder);
      this.durable.set(folder, made);
      made.catch(() => this.durable.delete(folder));
    }
    return made;
  }

  private async makeFolder(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let path = folder; path.startsWith(this.root); path = dirname(path)) {
      await syncFolder(dirname(path));
    }
    if (folder === join(this.root, INCOMING)) await removeLeftovers(folder);
  }
}

async function contentTypeOf({ facts }: Paths): Promise<string> {
  const text = await orAbsent(readFile(facts, 'utf8'));
  const { contentType } = JSON.parse(text ?? '{}') as { contentType?: string };
  return contentType ?? 'application/octet-stream';
}

/** What a killed process left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const info = await orAbsent(stat(path));
    if (info !== undefined && Date.now() - info.mtimeMs > LEFTOVER_AFTER_MS) {
      await rm(path, { force: true });
    }
  }
}

/** Puts a folder's names on the disk; Windows does that by itself and cannot be asked to. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'EACCES') return undefined; // above the root, where only its owner may look
    throw error;
  });
  try {
    await folder?.sync();
  } finally {
    await folder?.close();
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (DomainError.is(cause)) throw cause;
    const message = `The object store's files cannot be used: ${(cause as Error).message}`;
    throw kernelErrors.unavailable(message, { retryAfterMs: 1000 }, { cause });
  }
}
