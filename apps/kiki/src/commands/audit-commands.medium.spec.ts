/**
 * Goal: what SyncShield exports is verified offline, against its own anchor file and the key that is not in the
 * database; a database that somebody changed is not, and a lost or wrong key does not get a second history signed.
 * Method: a started SyncShield, the command line in this process, a superuser whom no trigger stops.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { createTestDatabase, removeHome, waitFor, type TestDatabase } from '@kiki/testing';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { auditCommands } from './audit-commands.js';

jest.setTimeout(120_000);

const T = 'default';
const home = mkdtempSync(join(tmpdir(), 'kiki-audit-'));
const keyFile = join(home, 'syncshield-audit.pem');
const anchors = join(home, 'syncshield-audit-anchors.ndjson');
let db: TestDatabase;
let host: Host;
let environment: Record<string, string>;
let folders = 0;

const settings = (): Record<string, string> => ({
  DATABASE_URL: db.url,
  KIKI_HOME: home,
  KIKI_SECRET: 'a secret of at least thirty-two characters',
  LOG_LEVEL: 'silent',
  SYNCSHIELD_AUDIT_INTERVAL_MS: '50',
});

async function startShield(more: Record<string, string> = {}): Promise<void> {
  const own = { ...settings(), ...more };
  host = await start([syncshieldDefinition], { environment: own, portBase: 0 });
  environment = { ...own, SYNCSHIELD_URL: host.service('syncshield').httpUrl };
}

async function get(path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${environment['SYNCSHIELD_URL']}${path}`);
  return (await answer.json()) as Record<string, unknown>;
}

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  await startShield();
  const key = host.firstKey;
  const shield = new SyncShieldClient({
    baseUrl: host.service('syncshield').httpUrl,
    headers: () => ({ authorization: `Bearer ${key}` }),
  });
  const budget = { name: 'b', currency: 'EUR', caps: [] };
  await shield.createBudget(T, { ...budget, id: 'root' });
  await shield.createBudget(T, { ...budget, id: 'leaf', parentId: 'root' });
  const ids = Array.from({ length: 300 }, (_, i) => `h${i}`);
  const of = { budgetId: 'leaf', currency: 'EUR', amountMicros: 10n };
  await shield.holdBatch(T, ids.map((id) => ({ id, ...of }))); // prettier-ignore
  const capture = { settlementId: 's', action: 'capture', amountMicros: 7n } as const;
  await shield.settleBatch(T, ids.slice(0, 200).map((holdId) => ({ ...capture, holdId }))); // prettier-ignore
  await allSigned(502);
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  removeHome(home);
});

/** Waits until a checkpoint of at least so many records lies in the anchor file. */
async function allSigned(size: number): Promise<void> {
  const sizes = (): number[] =>
    readFileSync(anchors, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        Number((JSON.parse(line) as { checkpoint: string }).checkpoint.split('\n')[1]),
      );
  await waitFor(() => Promise.resolve(Math.max(0, ...sizes()) >= size), { what: 'an anchor' });
}

async function audit(...args: string[]) {
  const terminal = new RecordingTerminal();
  const program = { name: 'kiki', version: '0', summary: '', commands: auditCommands(environment) };
  const exitCode = await runCli(program, ['audit', ...args], { terminal });
  const json = terminal.output.at(-1) ?? '';
  const answer = args.includes('--json') ? (JSON.parse(json) as Record<string, unknown>) : {};
  return { exitCode, answer, text: [...terminal.output, ...terminal.notes].join('\n') };
}

async function exported(): Promise<string> {
  const folder = join(home, `export-${++folders}`);
  expect((await audit('export', folder)).exitCode).toBe(0);
  return folder;
}

async function pinnedKey(): Promise<string> {
  const { answer } = await audit('public-key', '--json');
  return (answer['publicKeys'] as string[])[0]!;
}

async function verify(folder: string, ...more: string[]) {
  const files = ['--log', join(folder, 'audit.ndjson'), '--public-key', await pinnedKey()];
  const points = ['--checkpoint', join(folder, 'checkpoint.txt'), '--checkpoint', anchors];
  return audit('verify', ...files, ...points, ...more);
}

describe('kiki audit', () => {
  it('exports a log that is valid with the anchors and the key, also gzipped', async () => {
    const folder = await exported();
    const statement = join(home, 'statement.json');
    const budgets = [{ id: 'root', currency: 'EUR', spentMicros: 1_400 }];
    writeFileSync(statement, JSON.stringify({ items: budgets }));
    const { exitCode, answer } = await verify(folder, '--statement', statement, '--json');
    expect([exitCode, answer['findings']]).toEqual([0, []]);
    expect(answer).toMatchObject({ isValid: true, records: 502, covered: 502, cutLines: 0 });
    expect(answer['checkpoints']).toBeGreaterThanOrEqual(2);
    const log = join(folder, 'audit.ndjson');
    writeFileSync(`${log}.gz`, gzipSync(readFileSync(log)));
    const keys = join(folder, 'public-keys.txt');
    const args = ['--checkpoint', join(folder, 'checkpoint.txt'), '--public-key', keys];
    const gzipped = await audit('verify', '--log', `${log}.gz`, ...args);
    expect([gzipped.exitCode, gzipped.text]).toEqual([0, expect.stringMatching('VALID: 502')]);
    expect((await audit('export', folder)).text).toMatch('has "audit.ndjson" in it');
  });

  it('keeps the key for its owner only, outside the database', async () => {
    if (process.platform !== 'win32') expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const keys = await db.database.query('SELECT * FROM syncshield.audit_keys');
    expect(keys).toHaveLength(1);
    expect((await get('/ready'))['checks']).toMatchObject({ audit: { status: 'up', alarms: 0 } });
  });

  it('names what was changed in the database, and signs nothing more', async () => {
    const records = (from: string, to: string): string =>
      `UPDATE syncshield.audit_bundles SET records = replace(records, '${from}', '${to}')`;
    await unstopped(records('"h7"', '"x7"'));
    await unstopped('UPDATE syncshield.audit_trees SET checked_ms = 0');
    const { exitCode, text } = await verify(await exported());
    const place = expect.stringMatching(/NOT VALID; the first wrong record is seq \d+\./);
    expect([exitCode, text]).toEqual([1, place]);
    expect(text).toMatch(/leaf: Record \d+ is not the one that the tree was made of/);
    await waitFor(
      async () => {
        const { audit } = (await get('/ready'))['checks'] as { audit: { alarms: number } };
        return audit.alarms === 1;
      },
      { what: 'the alarm' },
    );
    await unstopped(records('"x7"', '"h7"'));
    await unstopped('UPDATE syncshield.audit_trees SET alarm = NULL, checked_ms = 0');
    expect((await verify(await exported())).exitCode).toBe(0);
  });

  it('says what is wrong with what it was given', async () => {
    const folder = await exported();
    expect((await audit('verify')).text).toMatch('--log, --checkpoint and --public-key are needed');
    expect((await verify(join(home, 'nowhere'))).text).toMatch('no such file');
    const log = ['--log', join(folder, 'audit.ndjson'), '--checkpoint', anchors];
    expect((await audit('verify', ...log, '--public-key', 'a+00000000+AQ==')).exitCode).toBe(2);
    const other = (await audit('keygen', '--file', join(home, 'other.pem'), '--json')).answer;
    const [foreign = ''] = other['publicKeys'] as string[];
    const untrusted = await audit('verify', ...log, '--public-key', foreign);
    expect([untrusted.exitCode, untrusted.text]).toEqual([
      1,
      expect.stringContaining('no trusted key has signed it'),
    ]);
  });
});

describe('the key', () => {
  it('is changed by hand: both sign, and the log stays one', async () => {
    const before = await pinnedKey();
    expect((await audit('keygen')).text).toMatch('is there');
    expect((await audit('keygen', '--rotate')).text).toMatch('has 2 keys');
    await host.stop();
    await startShield();
    await allSigned(503);
    const folder = await exported();
    const files = ['--log', join(folder, 'audit.ndjson'), '--checkpoint', anchors];
    for (const key of [before, await pinnedKey()]) {
      const newest = ['--checkpoint', join(folder, 'checkpoint.txt'), '--public-key', key];
      expect((await audit('verify', ...files.slice(0, 2), ...newest)).text).toMatch('VALID: 503');
    }
    expect((await audit('verify', ...files, '--public-key', before)).exitCode).toBe(0);
    expect(readFileSync(join(folder, 'audit.ndjson'), 'utf8')).toMatch('audit.keys_changed');
  });

  it('is not made anew when it is lost, nor where several replicas run', async () => {
    await host.stop();
    rmSync(keyFile);
    const refused = startShield({ KIKI_REPLICAS: '2' });
    await expect(refused).rejects.toMatchObject({ code: 'audit_key_missing' });
    await startShield();
    const { audit: state } = (await get('/ready'))['checks'] as { audit: object };
    expect(state).toMatchObject({
      status: 'degraded',
      notSigning: expect.stringContaining('audit_key_missing'),
    });
  });
});

async function unstopped(sql: string): Promise<void> {
  await db.database.transaction(async (tx) => {
    await tx.execute('SET LOCAL session_replication_role = replica');
    await tx.execute(sql);
  });
}
