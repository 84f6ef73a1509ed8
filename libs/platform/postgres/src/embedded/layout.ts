import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { createOnce } from './create-once.js';
import { errors } from '../errors.js';
import { canRun, copyBinaries, installedBinaries, makeLinks } from './binaries.js';
import type { Binaries } from './binaries.js';

/** The user a server runs as when that is not the current one. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Where everything of one home's server lies. */
export interface ServerLayout {
  /** `$KIKI_HOME/postgres`, of the current user only. */
  readonly controlDir: string;
  readonly lockFile: string;
  readonly stateFile: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** Unix socket or named pipe of the guard. */
  readonly guardSocket: string;
  readonly dataDir: string;
  /** Directory of the server's unix socket. */
  readonly socketDir: string;
  readonly runAs: RunAs | undefined;
}

/** Owner of nothing on every Unix: who runs the server when the current user is root. */
const NOBODY: RunAs = { uid: 65534, gid: 65534 };
/** `sockaddr_un` holds 107 bytes on Linux and 103 on macOS. */
const SOCKET_PATH_MAX_BYTES = 103;
const SYSTEM_ROOT = '/var/lib/kiki';

/** Works out and creates a home's directories. @throws postgres_home_unusable */
export function resolveLayout(home: string): ServerLayout {
  try {
    mkdirSync(home, { recursive: true });
    const controlDir = join(realpathSync(home), 'postgres');
    mkdirSync(controlDir, { recursive: true, mode: 0o700 });
    const runAs = runAsOf(controlDir);
    const stateDir = runAs === undefined ? controlDir : foreignDir(controlDir, runAs);
    const key = createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
    return {
      controlDir,
      lockFile: join(controlDir, 'lock'),
      stateFile: join(controlDir, 'server.json'),
      passwordFile: join(controlDir, 'password'),
      logFile: join(controlDir, 'server.log'),
      guardSocket: guardSocket(controlDir, key),
      dataDir: join(stateDir, 'data'),
      socketDir: privateDir(shortDir(join(stateDir, 'run'), `${key}-run`), runAs),
      runAs,
    };
  } catch (error) {
    const message = `${home} cannot hold the embedded server: ${(error as Error).message}`;
    throw errors.postgres_home_unusable(message, {}, { cause: error });
  }
}

/** The server to run for a layout, copied to where its user can reach it when need be. */
export async function resolveBinaries(layout: ServerLayout): Promise<Binaries> {
  const installed = installedBinaries();
  if (layout.runAs === undefined) {
    const isComplete = makeLinks(installed.root);
    return isComplete ? installed : copyBinaries(installed, layout.controlDir);
  }
  const parent = dirname(dirname(layout.dataDir));
  const copy = await copyBinaries(installed, parent);
  if (canRun(copy, layout.runAs)) return copy;
  throw errors.postgres_home_unusable(
    `User ${layout.runAs.uid} cannot run the server copied to ${copy.root}.`,
  );
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** PostgreSQL refuses root: then it runs as the owner of an existing data directory, else as nobody. */
function runAsOf(controlDir: string): RunAs | undefined {
  if (!isRoot()) return undefined;
  const data = join(controlDir, 'data');
  if (!existsSync(data)) return NOBODY;
  const { uid, gid } = statSync(data);
  return uid === 0 ? NOBODY : { uid, gid };
}

/** A directory that another user can reach, remembered in the home; a home that is made anew gets a new one. */
function foreignDir(controlDir: string, runAs: RunAs): string {
  const file = join(controlDir, 'location.json');
  const text = createOnce(file, () => {
    const parent = [SYSTEM_ROOT, join(tmpdir(), 'kiki'), '/var/tmp/kiki', '/tmp/kiki'].find(
      isReachable,
    );
    if (parent === undefined) {
      throw new Error(
        `user ${runAs.uid} can reach neither ${SYSTEM_ROOT} nor a temporary directory`,
      );
    }
    const id = createHash('sha256').update(controlDir).update(randomUUID()).digest('hex');
    return JSON.stringify({ stateDir: join(parent, id.slice(0, 16)) });
  });
  const { stateDir } = JSON.parse(text) as { stateDir?: unknown };
  if (typeof stateDir !== 'string' || !isAbsolute(stateDir)) {
    throw new Error(`${file} names no absolute path`);
  }
  // Its parent too: whoever may write there could lead us elsewhere.
  for (const directory of [dirname(stateDir), stateDir]) openDirectory(directory);
  return stateDir;
}

/**
 * Creates a directory of root that every user may pass through, whatever the umask. One that is there already keeps
 * its mode, and has to be a directory of root itself, not a link to one.
 */
function openDirectory(directory: string): void {
  const created = mkdirSync(directory, { recursive: true, mode: 0o755 });
  const info = lstatSync(directory);
  if (!info.isDirectory() || info.uid !== 0) {
    throw new Error(`${directory} is not a directory of root`);
  }
  if (created !== undefined) chmodSync(directory, 0o755);
}

/** Whether everyone may pass through a directory, which is created when it can be. */
function isReachable(directory: string): boolean {
  try {
    openDirectory(directory);
    for (let path = directory; path !== dirname(path); path = dirname(path)) {
      if ((statSync(path).mode & 0o001) === 0) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function shortDir(preferred: string, key: string): string {
  const length = Buffer.byteLength(join(preferred, '.s.PGSQL.5432.lock'));
  if (process.platform === 'win32' || length <= SOCKET_PATH_MAX_BYTES) return preferred;
  return join('/tmp', `kiki-${process.getuid?.() ?? 0}-${key}`);
}

function guardSocket(controlDir: string, key: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\kiki-${key}`;
  return join(privateDir(shortDir(controlDir, key), undefined), 'guard.sock');
}

/** Creates a directory only its owner may enter; refuses one that someone else made. */
function privateDir(directory: string, owner: RunAs | undefined): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return directory;
  const info = lstatSync(directory);
  const uid = process.getuid?.() ?? 0;
  if (!info.isDirectory() || (info.uid !== uid && info.uid !== owner?.uid)) {
    throw new Error(`${directory} belongs to user ${info.uid}`);
  }
  if (info.uid === uid && owner !== undefined) chownSync(directory, owner.uid, owner.gid);
  chmodSync(directory, 0o700);
  return directory;
}
