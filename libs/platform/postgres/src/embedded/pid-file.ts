import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isAnyoneIn, programOf } from './processes.js';

/** What a running PostgreSQL records in `postmaster.pid`. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  /** Directory of its unix socket; empty where there is none. */
  readonly socketDir: string;
  /** `starting`, `ready`, `stopping` or `standby`; empty early in the start. */
  readonly status: string;
}

/** Reads the server's own record; undefined when no server is recorded. */
export function readPidFile(dataDir: string): PidFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!Number.isInteger(pid) || pid === 0) return undefined;
  return {
    pid,
    port: Number.parseInt(lines[3] ?? '0', 10) || 0,
    socketDir: (lines[4] ?? '').trim(),
    status: (lines[7] ?? '').trim(),
  };
}

/** The pid of the PostgreSQL that serves a data directory, or undefined. */
export function servingPid(dataDir: string): number | undefined {
  const file = readPidFile(dataDir);
  if (file === undefined || !isAlive(file.pid)) return undefined;
  const program = programOf(file.pid);
  return program === '' || program.startsWith('postgres') ? file.pid : undefined;
}

/**
 * PostgreSQL refuses to start while its pid file names a living process, also when that number now belongs to
 * something else or to a zombie. Removes such a file, unless a process still works in the directory.
 */
export function removeStalePidFile(dataDir: string): void {
  if (readPidFile(dataDir) === undefined || servingPid(dataDir) !== undefined) return;
  if (isAnyoneIn(dataDir)) return;
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
}
