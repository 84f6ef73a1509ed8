/**
 * Goal: root creates and opens up its own directories for the server, and touches none that something else leads to.
 * Method: homes whose recorded location is a trap; the modes of what it leads to are read before and after.
 */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeUnless, temporaryHome, type TemporaryHome } from '@kiki/testing';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveLayout } from './layout.js';

const whyNotRoot =
  process.getuid?.() === 0 ? undefined : 'only root keeps the data outside of the home';

describeUnless(whyNotRoot, 'the recorded location of root’s server', () => {
  let home: TemporaryHome;
  let folder: string;

  beforeEach(() => {
    home = temporaryHome();
    folder = mkdtempSync(join(tmpdir(), 'kiki-location-'));
    chmodSync(folder, 0o755);
  });

  afterEach(() => {
    rmSync(home.path, { recursive: true, force: true });
    rmSync(folder, { recursive: true });
  });

  const record = (stateDir: unknown): void => {
    mkdirSync(join(home.path, 'postgres'), { recursive: true, mode: 0o700 });
    writeFileSync(join(home.path, 'postgres', 'location.json'), JSON.stringify({ stateDir }));
  };
  const modeOf = (path: string): number => statSync(path).mode & 0o777;
  const directory = (name: string, mode: number, uid = 0): string => {
    const path = join(folder, name);
    mkdirSync(path);
    chownSync(path, uid, uid);
    chmodSync(path, mode);
    return path;
  };
  const refused = (message: RegExp): void => {
    expect(() => resolveLayout(home.path)).toThrow(
      expect.objectContaining({
        code: 'postgres_home_unusable',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  };

  it('is made again where it is gone, passable whatever the umask', () => {
    const stateDir = join(folder, 'parent', 'state');
    record(stateDir);
    const before = process.umask(0o077);
    try {
      expect(resolveLayout(home.path).dataDir).toBe(join(stateDir, 'data'));
    } finally {
      process.umask(before);
    }
    expect([join(folder, 'parent'), stateDir].map(modeOf)).toEqual([0o755, 0o755]);
    expect(resolveLayout(home.path).dataDir).toBe(join(stateDir, 'data'));
  });

  it('is not followed through a link', () => {
    const secret = directory('secret', 0o700);
    const link = join(folder, 'link');
    symlinkSync(secret, link);
    record(link);
    refused(/link is not a directory of root/);
    record(join(link, 'below'));
    refused(/link is not a directory of root/);
    expect(modeOf(secret)).toBe(0o700);
  });

  it('is no directory of another user, nor below one', () => {
    const theirs = directory('theirs', 0o700, 65534);
    record(theirs);
    refused(/theirs is not a directory of root/);
    record(join(theirs, 'below'));
    refused(/theirs is not a directory of root/);
    expect(modeOf(theirs)).toBe(0o700);
  });

  it('is not opened up where it was there before', () => {
    const closed = directory('closed', 0o700);
    record(closed);
    resolveLayout(home.path);
    expect(modeOf(closed)).toBe(0o700);
  });

  it.each([[''], ['state'], [7], [undefined]])('%p is no location', (stateDir) => {
    record(stateDir);
    refused(/location\.json names no absolute path/);
  });
});
