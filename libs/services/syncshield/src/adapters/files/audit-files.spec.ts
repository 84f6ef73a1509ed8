/**
 * Goal: anchors survive what happens to files, and a key is made exactly once, where it may be. Method: real files, cut
 * and torn by hand; a registry in memory.
 */
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointText, leafHash, openNote, signNote } from '@kiki/transparency-log';
import { AuditKeys } from '../../application/audit-keys.js';
import type { ReleasedCheckpoint } from '../../domain/audit-tree.js';
import { FileAnchors } from './file-anchors.js';
import { KeyFileSigner } from './key-file-signer.js';
import { createSigningKey, rotateSigningKey } from './signing-key-file.js';

const root = mkdtempSync(join(tmpdir(), 'kiki-audit-files-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'x-'));
});

function point(tenant: string, size: number): ReleasedCheckpoint {
  const hash = leafHash(`${size}`);
  const note = signNote(checkpointText({ origin: `o/${tenant}`, size, root: hash }), []);
  return { tenant, size, root: hash, note: `${note}\u2014 o/${tenant} AAAAAAAA\n`, signedMs: 1 };
}

describe('the anchor file', () => {
  const newestOf = async (path: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      [...(await new FileAnchors(path).newest())].map(([t, { size }]) => [t, size]),
    );

  it('grows by lines, and tells the newest checkpoint of each tenant', async () => {
    const path = join(folder, 'deep', 'anchors.ndjson');
    const anchors = new FileAnchors(path);
    expect(await newestOf(path)).toEqual({});
    await anchors.keep([]);
    expect(existsSync(path)).toBe(false);
    await anchors.keep([point('a', 1), point('b', 7)]);
    await anchors.keep([point('a', 5)]);
    expect(await newestOf(path)).toEqual({ a: 5, b: 7 });
    const [kept] = [...(await anchors.newest()).values()];
    expect(kept).toEqual({ ...point('a', 5), root: Buffer.from(point('a', 5).root) });
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on after a line that a killed process has left half-written', async () => {
    const path = join(folder, 'anchors.ndjson');
    await new FileAnchors(path).keep([point('a', 1), point('a', 2)]);
    truncateSync(path, statSync(path).size - 20);
    expect(await newestOf(path)).toEqual({ a: 1 });
    await new FileAnchors(path).keep([point('a', 3)]);
    expect(await newestOf(path)).toEqual({ a: 3 });
  });

  it('is read from its end only, however long it is', async () => {
    const path = join(folder, 'anchors.ndjson');
    await new FileAnchors(path).keep([point('old', 1)]);
    appendFileSync(path, `${'x'.repeat(5 * 1024 * 1024)}\n`);
    await new FileAnchors(path).keep([point('new', 2)]);
    expect(await newestOf(path)).toEqual({ new: 2 });
  });

  it('that cannot be written is unavailable', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    const keep = new FileAnchors(join(path, 'anchors')).keep([point('a', 1)]);
    await expect(keep).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** The keys of a database. */
class MemoryKeys extends AuditKeys {
  readonly known: Uint8Array[] = [];

  override async register(
    decide: (known: readonly Uint8Array[]) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    const added = await decide(this.known);
    const isKnown = this.known.some(
      (key) => added !== undefined && Buffer.compare(key, added) === 0,
    );
    if (added !== undefined && !isKnown) this.known.unshift(added);
  }
}

describe('the signing key', () => {
  const options = (name: string, replicas = 1) => ({
    ...{ path: join(folder, name), origin: 'test.kiki', replicas },
  });
  const opened = async (keys: AuditKeys, name: string): Promise<KeyFileSigner> => {
    const signer = new KeyFileSigner(options(name));
    await signer.open(keys);
    return signer;
  };

  it('is made once, for its owner only, and signs under the name of the log', async () => {
    const keys = new MemoryKeys();
    const fresh = new KeyFileSigner(options('key'));
    expect([fresh.whyNot(), fresh.sign('a', 1, leafHash(''))]).toEqual([
      expect.stringContaining('not opened'),
      undefined,
    ]);
    const [first, again] = [await opened(keys, 'key'), await opened(keys, 'key')];
    expect(again.publicKeys()).toEqual(first.publicKeys());
    expect([first.whyNot(), keys.known.length]).toEqual([undefined, 1]);
    const note = first.sign('a', 1, leafHash('')) ?? '';
    const { text } = openNote(note, [first.verifier('a', keys.known[0]!)]);
    expect(text).toMatch(/^test\.kiki\/a\n1\n/);
    if (process.platform !== 'win32') {
      expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o600);
    }
  });

  it('is not made where several processes run, nor where another has signed', async () => {
    const keys = new MemoryKeys();
    const several = new KeyFileSigner(options('key', 2)).open(keys);
    await expect(several).rejects.toMatchObject({ code: 'audit_key_missing' });
    await opened(keys, 'first');
    const lost = await opened(keys, 'lost');
    expect(lost.whyNot()).toMatch('audit_key_missing');
    expect(existsSync(join(folder, 'lost'))).toBe(false);
  });

  it('that was replaced does not sign, the new one and the old one together do', async () => {
    const keys = new MemoryKeys();
    const before = await opened(keys, 'key');
    writeFileSync(join(folder, 'old'), readFileSync(join(folder, 'key')));
    await rotateSigningKey(join(folder, 'key'));
    const after = await opened(keys, 'key');
    expect(after.publicKeys().slice(1)).toEqual(before.publicKeys());
    expect(keys.known).toHaveLength(2);
    expect((await opened(keys, 'old')).whyNot()).toMatch('newer key');
    const note = after.sign('a', 1, leafHash('')) ?? '';
    const verifiers = keys.known.map((key) => after.verifier('a', key));
    expect(openNote(note, verifiers).signers).toHaveLength(2);
  });

  it('comes from one process only when several make it at once', async () => {
    const path = join(folder, 'raced');
    await Promise.all(Array.from({ length: 8 }, () => createSigningKey(path)));
    expect(readFileSync(path, 'utf8').match(/BEGIN PRIVATE KEY/g)).toHaveLength(1);
  });

  it.each(['', 'no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'that is none (%j) is refused by name',
    async (text) => {
      writeFileSync(join(folder, 'key'), text);
      const open = opened(new MemoryKeys(), 'key');
      await expect(open).rejects.toMatchObject({
        code: 'audit_key_unreadable',
        message: expect.stringContaining(join(folder, 'key')),
      });
    },
  );
});
