import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A KIKI_HOME of one test. */
export interface TemporaryHome {
  /** Not yet there; whoever uses it creates it. */
  readonly path: string;
  /** Deletes it, and what root's embedded server kept outside of it; the server must have stopped. */
  remove(): void;
}

/** A home of its own, for a test that starts an embedded server of its own. */
export function temporaryHome(prefix = 'kiki-home-', name = 'home'): TemporaryHome {
  const path = join(mkdtempSync(join(tmpdir(), prefix)), name);
  return {
    path,
    remove: () => {
      removeHome(path);
      rmSync(dirname(path), { recursive: true, force: true });
    },
  };
}

/** Deletes a home and what root's embedded server kept outside of it; the server must have stopped. */
export function removeHome(path: string): void {
  const stateDir = locationOf(path);
  if (stateDir !== undefined) rmSync(stateDir, { recursive: true, force: true });
  rmSync(path, { recursive: true, force: true });
}

/** Root's server runs as another user, whose data lie where that user can reach them; the home names the place. */
function locationOf(home: string): string | undefined {
  try {
    const text = readFileSync(join(home, 'postgres', 'location.json'), 'utf8');
    return (JSON.parse(text) as { stateDir?: string }).stateDir;
  } catch {
    return undefined;
  }
}
