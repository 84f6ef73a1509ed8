import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/**
 * Makes a key in a file that only this user may read (0600); where another process was faster, its
 * file stays.
 */
export async function createSigningKey(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(pem);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
