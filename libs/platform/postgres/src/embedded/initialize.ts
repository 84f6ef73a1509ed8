import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errors } from '../errors.js';
import type { Binaries } from './binaries.js';
import { programPath } from './binaries.js';
import { createOnce } from './create-once.js';
import type { ServerLayout } from './layout.js';
import { fileSettings } from './settings.js';

/** Superuser of the embedded server. */
export const OWNER = 'kiki';
/** Database that services use. */
export const DATABASE = 'kiki';

/** The server's password, made on first use and readable by the current user only. */
export function passwordOf(layout: ServerLayout): string {
  return createOnce(layout.passwordFile, () => randomBytes(24).toString('base64url')).trim();
}

/**
 * Creates the data directory when there is none: in a temporary directory beside it that is renamed when complete, so
 * that a kill at any moment leaves either nothing or everything. The caller holds the home's lock.
 * @throws postgres_start_failed, postgres_home_unusable
 */
export async function initializeData(layout: ServerLayout, binaries: Binaries): Promise<void> {
  if (existsSync(join(layout.dataDir, 'PG_VERSION'))) return checkVersion(layout, binaries);
  const parent = dirname(layout.dataDir);
  await removeLeftovers(parent, basename(layout.dataDir));
  const temporary = `${layout.dataDir}.new-${randomBytes(6).toString('hex')}`;
  mkdirSync(temporary, { mode: 0o700 });
  const passwordFile = join(temporary, '..', `${basename(temporary)}.password`);
  writeFileSync(passwordFile, passwordOf(layout), { mode: 0o600 });
  if (layout.runAs !== undefined) {
    for (const path of [temporary, passwordFile]) {
      chownSync(path, layout.runAs.uid, layout.runAs.gid);
    }
  }
  try {
    await runInitdb(layout, binaries, { dataDir: temporary, passwordFile });
    await appendFile(join(temporary, 'postgresql.conf'), fileSettings());
    await rename(temporary, layout.dataDir);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}

function checkVersion(layout: ServerLayout, binaries: Binaries): void {
  const found = readFileSync(join(layout.dataDir, 'PG_VERSION'), 'utf8').trim();
  const expected = binaries.version.split('.')[0];
  if (found === expected) return;
  throw errors.postgres_home_unusable(
    `${layout.dataDir} was made by PostgreSQL ${found}; this version of KIKI brings PostgreSQL ${expected}.`,
  );
}

async function removeLeftovers(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(`${name}.new-`)) continue;
    await removeWhileWritten(join(parent, entry));
  }
}

/** The initdb of a killed start goes on writing for a moment; what it leaves then harms nobody. */
async function removeWhileWritten(path: string): Promise<void> {
  const patience = { maxRetries: 10, retryDelay: 50 };
  await rm(path, { recursive: true, force: true, ...patience }).catch(() => undefined);
}

function runInitdb(
  layout: ServerLayout,
  binaries: Binaries,
  paths: { dataDir: string; passwordFile: string },
): Promise<void> {
  const args = [
    ...['-D', paths.dataDir, '-U', OWNER, '--pwfile', paths.passwordFile],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--data-checksums'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    '--no-instructions',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(programPath(binaries, 'initdb'), args, {
      ...layout.runAs,
      ...(process.platform === 'win32' ? {} : { env: SERVER_ENVIRONMENT }),
      cwd: paths.dataDir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      reject(errors.postgres_start_failed(`initdb failed (${code}): ${complaint.trim()}`));
    });
  });
}

/** What the server's programs see of the environment: nothing of ours. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
