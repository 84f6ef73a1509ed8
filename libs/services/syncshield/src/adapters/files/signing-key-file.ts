import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSigningKey } from '@kiki/transparency-log';
import { errors } from '../../errors.js';

const PEM = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;

/** Keys of a file, the signing one first; undefined when there is no file. @throws audit_key_unreadable */
export async function readSigningKeys(path: string): Promise<KeyObject[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw errors.audit_key_unreadable(`${path}: ${(cause as Error).message}`, {}, { cause });
  }
  try {
    const keys = (text.match(PEM) ?? []).map(readSigningKey);
    if (keys.length > 0) return keys;
  } catch (cause) {
    throw errors.audit_key_unreadable(`${path}: ${(cause as Error).message}`, {}, { cause });
  }
  throw errors.audit_key_unreadable(`${path} has no “BEGIN PRIVATE KEY”.`);
}

/** The file that the settings name; by default `syncshield-audit.pem` in KIKI_HOME. */
export function signingKeyPath(config: {
  readonly home: string;
  readonly auditKeyFile?: string | undefined;
}): string {
  return config.auditKeyFile ?? join(config.home, 'syncshield-audit.pem');
}

/**
 * Makes a key in a file that only this user may read (0600); where another process was faster, its
 * file stays.
 */
export async function createSigningKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = await writeDraft(path, newKey());
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Puts a new key before those of a file: it signs from the next start on, they sign too, for
 * auditors who do not know it yet.
 */
export async function rotateSigningKey(path: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  await rename(await writeDraft(path, newKey() + before), path);
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function writeDraft(path: string, pem: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(pem);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}
