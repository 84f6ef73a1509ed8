import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../harness/processes.js';

/** The embedded server's postmaster of a home; undefined when none is recorded. */
export function postmasterPid(home: string): number | undefined {
  const state = join(home, 'postgres', 'server.json');
  if (!existsSync(state)) return undefined;
  const { dataDir } = JSON.parse(readFileSync(state, 'utf8')) as { dataDir: string };
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isInteger(pid) ? pid : undefined;
}

/**
 * Ends the postmaster as the kernel does, and with it every backend: left alone they would finish the commits
 * they are at, which no crash does. False when no server is recorded.
 */
export function killPostmaster(home: string): boolean {
  const pid = postmasterPid(home);
  if (pid === undefined) return false;
  for (const victim of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return true;
}
