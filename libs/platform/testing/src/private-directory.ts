import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who runs servers that refuse root. */
export const UNPRIVILEGED: { readonly uid: number; readonly gid: number } | undefined =
  process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** A temporary directory of one server. */
export interface PrivateDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Creates a directory that only the servers' user may enter. */
export function privateDirectory(prefix: string): PrivateDirectory {
  const path = mkdtempSync(join(tmpdir(), prefix));
  if (UNPRIVILEGED !== undefined) chownSync(path, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
