// Imports nothing of this package: the guard process loads this file on its own.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** Held until released or until the process ends, however it ends. */
export interface HomeLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes a lock that the operating system drops when its holder dies. Node has no flock; SQLite's exclusive
 * transaction on an empty file is one on every platform. Undefined when another process or caller holds it.
 */
export function tryLock(path: string): HomeLock | undefined {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => file.close() };
}

/** Waits for the lock; undefined when it is still held by another after `timeoutMs`. */
export async function waitForLock(path: string, timeoutMs: number): Promise<HomeLock | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined || performance.now() > deadlineMs) return lock;
    await sleep(20);
  }
}
