/**
 * Goal: processes of one installation agree on their home, their secret and their stores. Method: temporary folders; racing processes.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemRandom } from '@kiki/kernel';
import { SourceProcess } from '@kiki/testing';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHome } from './home.js';
import { profileOf } from './profile.js';
import { rootSecret } from './root-secret.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiki-installation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('defaultHome', () => {
  it('lies beside the nearest workspace upward, else in the working directory', () => {
    const deep = join(folder, 'apps', 'syncflow');
    mkdirSync(deep, { recursive: true });
    expect(defaultHome(deep)).toBe(join(deep, '.kiki'));
    writeFileSync(join(deep, 'package.json'), '{"name": "no workspace"}');
    expect(defaultHome(deep)).toBe(join(deep, '.kiki'));
    writeFileSync(join(folder, 'package.json'), '{"workspaces": []}');
    expect(defaultHome(deep)).toBe(join(folder, '.kiki'));
    expect(defaultHome(folder)).toBe(join(folder, '.kiki'));
    writeFileSync(join(deep, 'package.json'), 'not JSON');
    expect(defaultHome(deep)).toBe(join(folder, '.kiki'));
  });
});

describe('profileOf', () => {
  const databaseUrl = 'postgresql://u@h/d';
  const redisUrl = 'redis://h';

  it('names the stores', () => {
    expect(profileOf({ replicas: 1 })).toBe('laptop');
    expect(profileOf({ replicas: 3, databaseUrl })).toBe('one-store');
    expect(profileOf({ replicas: 3, databaseUrl, redisUrl })).toBe('standard');
  });

  it('refuses Redis without PostgreSQL, and replicas that would not share their cache', () => {
    expect(() => profileOf({ replicas: 1, redisUrl })).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { fields: [expect.objectContaining({ field: 'DATABASE_URL' })] },
      }),
    );
    expect(() => profileOf({ replicas: 2 })).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { fields: [expect.objectContaining({ field: 'KIKI_REPLICAS' })] },
      }),
    );
  });
});

describe('rootSecret', () => {
  it('is the one that is set, else a file that only its owner reads, made once', () => {
    const home = join(folder, 'home');
    expect(rootSecret({ home, secret: 's'.repeat(32) })).toBe('s'.repeat(32));
    expect(readdirSync(folder)).toEqual([]);
    const made = rootSecret({ home });
    expect(made.length).toBeGreaterThanOrEqual(43);
    expect(rootSecret({ home })).toBe(made);
    expect(statSync(join(home, 'secret')).mode & 0o777).toBe(0o600);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(rootSecret({ home: join(folder, 'other') })).not.toBe(made);
  });

  it('is the same for all processes that race for it', async () => {
    const home = join(folder, 'home');
    const script = new URL('./root-secret.fixture.ts', import.meta.url);
    const racers = Array.from({ length: 4 }, () => new SourceProcess(script, [home]));
    const secrets = await Promise.all(racers.map((racer) => racer.said('secret ')));
    expect(new Set(secrets).size).toBe(1);
    expect(readFileSync(join(home, 'secret'), 'utf8').trim()).toBe(secrets[0]);
    expect(readdirSync(home)).toEqual(['secret']);
    await Promise.all(racers.map((racer) => racer.end()));
  }, 30_000);

  it('is the other’s when another process was faster by a moment', () => {
    const home = join(folder, 'home');
    let others: string | undefined;
    class Overtaken extends SystemRandom {
      override bytes(length: number): Uint8Array {
        others ??= rootSecret({ home });
        return super.bytes(length);
      }
    }
    expect(rootSecret({ home }, new Overtaken())).toBe(others);
    expect(readdirSync(home)).toEqual(['secret']);
  });

  it('is refused when it is too short to be one, and not shown', () => {
    expect(() => rootSecret({ home: folder, secret: 'hunter2' })).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.not.stringContaining('hunter2') as unknown,
      }),
    );
    writeFileSync(join(folder, 'secret'), '\n');
    expect(() => rootSecret({ home: folder })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  });
});
