import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What `randomUUID` adds to the name of a draft. */
const DRAFT_SUFFIX = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The text of a file that whoever comes first writes, readable by the current user only. A link fails when its name
 * exists, so of several processes one complete file wins and all read the same. A draft that a killed process left
 * goes with the next call.
 */
export function createOnce(path: string, make: () => string): string {
  const text = read(path) ?? create(path, make);
  // Whoever still writes a draft has lost, and takes the winner's text, whether its draft is there or not.
  for (const draft of draftsOf(path)) rmSync(draft, { force: true });
  return text;
}

function create(path: string, make: () => string): string {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, make(), { flag: 'wx', mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8');
}

function draftsOf(path: string): string[] {
  const [folder, name] = [dirname(path), basename(path)];
  return readdirSync(folder)
    .filter((entry) => entry.startsWith(name) && DRAFT_SUFFIX.test(entry.slice(name.length)))
    .map((entry) => join(folder, entry));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
