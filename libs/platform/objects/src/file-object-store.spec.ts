/**
 * Goal: objects in files keep every promise of the port; a kill at any moment leaves the whole object or none.
 * Method: a temporary directory; the file system is spoilt by hand; a child process is killed while it writes.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceProcess, waitFor } from '@kiki/testing';
import { FileObjectStore } from './file-object-store.js';
import { sha256Of } from './object-name.js';
import { objectStoreConformance } from './object-store.conformance.js';

const roots: string[] = [];

function newRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kiki-objects-'));
  roots.push(folder);
  return join(folder, 'objects');
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const isObject = (name: string): boolean => /[/\\][0-9a-f]{64}$/.test(name);

function filesIn(root: string): string[] {
  try {
    return (readdirSync(root, { recursive: true }) as string[]).filter((name) =>
      statSync(join(root, name)).isFile(),
    );
  } catch {
    return [];
  }
}

const pathOf = (root: string, tenant: string, sha256: string): string =>
  join(root, tenant, sha256.slice(0, 2), sha256);

objectStoreConformance('FileObjectStore', async (maxBytes) => {
  const root = newRoot();
  return {
    store: new FileObjectStore({ root, maxBytes }),
    spoil: (tenant, sha256) => writeFile(pathOf(root, tenant, sha256), 'q'),
    count: async () => filesIn(root).filter(isObject).length,
    // A file where the folder was: nothing below it can be opened, made or read.
    breakDown: async () => {
      await rename(root, `${root}-away`);
      await writeFile(root, '');
    },
    repair: async () => {
      rmSync(root);
      await rename(`${root}-away`, root);
    },
  };
});

describe('FileObjectStore', () => {
  const bytes = Buffer.from('a picture');

  it('keeps objects as plain files that only their owner reads, and leaves no draft', async () => {
    const root = newRoot();
    const { sha256 } = await new FileObjectStore({ root }).put('default', bytes, 'image/png');
    const path = pathOf(root, 'default', sha256);
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'default')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(root, '.incoming'))).toEqual([]);
  });

  it('finds after a restart what was stored before', async () => {
    const root = newRoot();
    const { sha256 } = await new FileObjectStore({ root }).put('default', bytes, 'image/png');
    const again = await new FileObjectStore({ root }).get('default', sha256);
    expect(again.object.contentType).toBe('image/png');
  });

  it('repairs a damaged object when its bytes are stored again', async () => {
    const root = newRoot();
    const store = new FileObjectStore({ root });
    const { sha256 } = await store.put('default', bytes, 'image/png');
    writeFileSync(pathOf(root, 'default', sha256), 'damage!!!');
    await store.put('default', bytes, 'image/png');
    expect(Buffer.from((await store.get('default', sha256)).bytes)).toEqual(bytes);
  });

  it('goes on when somebody deletes its folders', async () => {
    const root = newRoot();
    const store = new FileObjectStore({ root });
    await store.put('default', bytes, 'image/png');
    rmSync(root, { recursive: true });
    const { sha256 } = await store.put('default', bytes, 'image/png');
    expect(await store.head('default', sha256)).toBeDefined();
  });

  it('removes the drafts of killed processes after an hour, and nothing younger', async () => {
    const root = newRoot();
    await new FileObjectStore({ root }).ping();
    const [old, young] = [join(root, '.incoming', 'old'), join(root, '.incoming', 'young')];
    for (const path of [old, young]) writeFileSync(path, 'half');
    utimesSync(old, 0, Date.now() / 1000 - 3700);
    await new FileObjectStore({ root }).ping();
    expect(readdirSync(join(root, '.incoming'))).toEqual(['young']);
  });

  it('leaves only whole objects when its process is killed, and every one it acknowledged', async () => {
    const root = newRoot();
    const script = new URL('./object-writer.fixture.ts', import.meta.url);
    for (const target of [40, 57, 74]) {
      const writer = new SourceProcess(script, [root]);
      await waitFor(() => writer.lines.length >= target, { what: writer.complaint, everyMs: 1 });
      await writer.end('SIGKILL');
      const store = new FileObjectStore({ root });
      for (const sha256 of writer.lines) {
        expect((await store.get('default', sha256)).object.contentType).toBe('image/png');
      }
    }
    const names = filesIn(root).filter(isObject);
    for (const name of names)
      expect(sha256Of(readFileSync(join(root, name)))).toBe(name.slice(-64));
  });
});
