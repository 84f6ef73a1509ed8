import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errors } from '../errors.js';
import { errorCode, isConnectionError } from '../pg-errors.js';
import type { ConnectionOptions } from '../pool.js';
import type { Binaries } from './binaries.js';
import { programPath } from './binaries.js';
import { DATABASE, OWNER, passwordOf, SERVER_ENVIRONMENT } from './initialize.js';
import type { ServerLayout } from './layout.js';
import { readPidFile, removeStalePidFile, servingPid } from './pid-file.js';
import { startSettings } from './settings.js';

/** Number in the name of the unix socket; nothing listens on TCP. */
const SOCKET_PORT = 5432;
const START_TIMEOUT_MS = 60_000;
const LOG_MAX_BYTES = 10_000_000;

/** How to reach the server as it is recorded now. */
export function connectionOf(layout: ServerLayout, database = DATABASE): ConnectionOptions {
  const isWindows = process.platform === 'win32';
  const port = isWindows ? (readPidFile(layout.dataDir)?.port ?? 0) : SOCKET_PORT;
  const host = isWindows ? '127.0.0.1' : layout.socketDir;
  return { host, port, user: OWNER, password: passwordOf(layout), database };
}

/** Whether the server answers; throws what the server answered when it refuses us. */
export async function isServing(layout: ServerLayout): Promise<boolean> {
  if (servingPid(layout.dataDir) === undefined) return false;
  const client = new pg.Client({ ...connectionOf(layout), connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (isConnectionError(error)) return false;
    throw error;
  } finally {
    void client.end().catch(() => undefined);
  }
}

/**
 * Makes sure that a server of this home runs: adopts the one that does, or starts one. The caller holds the lock.
 * @throws postgres_in_use, postgres_start_failed
 */
export async function ensureServer(layout: ServerLayout, binaries: Binaries): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const pid = servingPid(layout.dataDir);
    const outcome =
      pid === undefined ? await start(layout, binaries, deadlineMs) : await adopt(layout);
    if (outcome === 'serving') return createDatabase(layout);
    if (performance.now() > deadlineMs) {
      if (pid !== undefined) throw inUse(layout, pid);
      throw errors.postgres_start_failed(`The server did not start: ${logTail(layout)}`);
    }
    await sleep(50);
  }
}

async function adopt(layout: ServerLayout): Promise<'serving' | 'waiting'> {
  const recorded = readPidFile(layout.dataDir);
  const isElsewhere =
    recorded?.status === 'ready' &&
    process.platform !== 'win32' &&
    recorded.socketDir !== layout.socketDir;
  if (isElsewhere) throw inUse(layout, recorded.pid);
  const isUp = await isReachable(layout);
  return isUp ? 'serving' : 'waiting';
}

async function isReachable(layout: ServerLayout): Promise<boolean> {
  const client = new pg.Client({
    ...connectionOf(layout, 'postgres'),
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    const pid = servingPid(layout.dataDir);
    if (!isConnectionError(error) && pid !== undefined) throw inUse(layout, pid, error);
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function inUse(layout: ServerLayout, pid: number, cause?: unknown): Error {
  const why = cause === undefined ? 'it does not answer on our socket' : (cause as Error).message;
  return errors.postgres_in_use(
    `${layout.dataDir} is served by postgres (pid ${pid}), which KIKI cannot join: ${why}.`,
    { pid },
    { cause },
  );
}

async function start(
  layout: ServerLayout,
  binaries: Binaries,
  deadlineMs: number,
): Promise<'serving' | 'waiting'> {
  removeStalePidFile(layout.dataDir);
  rotateLog(layout.logFile);
  const child = await spawnPostmaster(layout, binaries);
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
    if (readPidFile(layout.dataDir)?.status === 'ready' && (await isReachable(layout))) {
      return 'serving';
    }
    await sleep(5);
  }
  const tail = logTail(layout);
  // Children of a killed server need a moment to notice; until then the next one is refused.
  if (/pre-existing shared memory block|lock file .* already exists/.test(tail)) return 'waiting';
  throw errors.postgres_start_failed(`The server did not start: ${tail}`);
}

async function spawnPostmaster(layout: ServerLayout, binaries: Binaries): Promise<ChildProcess> {
  const port = process.platform === 'win32' ? await freeTcpPort() : SOCKET_PORT;
  const log = openSync(layout.logFile, 'a', 0o600);
  const child = spawn(
    programPath(binaries, 'postgres'),
    ['-D', layout.dataDir, ...startSettings({ socketDir: layout.socketDir, port })],
    {
      ...layout.runAs,
      ...(process.platform === 'win32' ? {} : { env: SERVER_ENVIRONMENT }),
      cwd: layout.dataDir,
      // Its own session: Ctrl-C in the terminal must not reach it before its users have drained.
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
    },
  );
  closeSync(log);
  child.unref();
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return child;
}

/**
 * A database of this name is there by now: the backend of a killed start goes on creating it, and is found by the
 * check for duplicates (42P04), or while we wait for its transaction, by the unique index (23505).
 */
const CREATED_MEANWHILE: ReadonlySet<string> = new Set(['42P04', '23505']);

async function createDatabase(layout: ServerLayout): Promise<void> {
  const client = new pg.Client(connectionOf(layout, 'postgres'));
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    if (!CREATED_MEANWHILE.has(errorCode(error) ?? '')) throw error;
  } finally {
    await client.end();
  }
}

function rotateLog(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_MAX_BYTES) {
    renameSync(logFile, `${logFile}.1`);
  }
}

function logTail(layout: ServerLayout): string {
  if (!existsSync(layout.logFile)) return 'it left no log';
  return readFileSync(layout.logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
}

function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
