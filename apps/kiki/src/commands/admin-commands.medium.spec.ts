/**
 * Goal: keys, tenants and live channels are managed from the command line, on the store that the services use.
 * Method: the real commands against a database of its own; what they printed as JSON is read back.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { keyCommands } from './key-commands.js';
import { liveCommands } from './live-commands.js';
import { tenantCommands } from './tenant-commands.js';

let store: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  store = await createTestDatabase({ schema: 'unused' });
  environment = {
    DATABASE_URL: store.url,
    KIKI_SECRET: 'a secret of at least thirty-two characters',
    KIKI_ENV: 'test',
    LOG_LEVEL: 'silent',
  };
});
afterAll(() => store.drop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a program without our types would
type Answer = any;

async function kiki(line: string): Promise<{ exitCode: number; answer: Answer; notes: string }> {
  const commands = [
    ...keyCommands(environment),
    ...tenantCommands(environment),
    ...liveCommands(environment),
  ];
  const terminal = new RecordingTerminal();
  const program = { name: 'kiki', version: '0', summary: '', commands };
  const exitCode = await runCli(program, [...line.split(' '), '--json'], { terminal });
  return {
    exitCode,
    answer: JSON.parse(terminal.output.at(-1) ?? 'null'),
    notes: terminal.notes.join('\n'),
  };
}

describe('kiki tenants and keys', () => {
  it('makes a tenant once and gives it a key that is shown once', async () => {
    expect(await kiki('tenants create shop --name Shop')).toMatchObject({
      exitCode: 0,
      answer: { tenant: { tenant: 'shop', name: 'Shop', suspendedAt: null } },
    });
    const again = await kiki('tenants create shop');
    expect([again.exitCode, again.answer.error.code]).toEqual([1, 'tenant_exists']);
    const made = await kiki('keys create --tenant shop --name web --scope value:read --expires 1d');
    expect(made.answer.key).toMatch(/^kiki_test_/);
    expect(made.answer.info).toMatchObject({ tenant: 'shop', name: 'web', scopes: ['value:read'] });
    const { answer } = await kiki('keys list --tenant shop');
    expect(answer.keys).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain(made.answer.key);
  });

  it('rotates and revokes', async () => {
    const { answer: made } = await kiki('keys create --name short-lived');
    expect(made.info).toMatchObject({ tenant: 'default', scopes: ['*'] });
    const { answer: next } = await kiki(`keys rotate ${made.info.keyId} --overlap 1h`);
    expect(next.info.rotatedFrom).toBe(made.info.keyId);
    const { answer: gone } = await kiki(`keys revoke ${next.info.keyId}`);
    expect(gone.key.revokedAt).toEqual(expect.any(String));
    expect((await kiki('keys revoke nobody')).answer.error.code).toBe('not_found');
    const { exitCode, notes } = await kiki('keys create --scope everything');
    expect([exitCode, notes]).toEqual([2, expect.stringContaining('fix: ')]);
  });

  it('suspends a tenant and lets it come back', async () => {
    await kiki('tenants create other');
    expect((await kiki('tenants suspend other')).answer.tenant.suspendedAt).not.toBeNull();
    expect((await kiki('tenants resume other')).answer.tenant.suspendedAt).toBeNull();
    const { answer } = await kiki('tenants list');
    const names = answer.tenants.map(({ tenant }: { tenant: string }) => tenant);
    expect(names).toEqual(expect.arrayContaining(['default', 'other']));
  });
});

describe('kiki live', () => {
  it('switches a channel of a tenant', async () => {
    expect((await kiki('live list')).answer).toEqual({ channels: [] });
    await kiki('live on email');
    await kiki('live off email --tenant default');
    await kiki('live on search');
    const { answer } = await kiki('live list --tenant default');
    expect(answer.channels).toMatchObject([
      { channel: 'email', isLive: false },
      { channel: 'search', isLive: true },
    ]);
    expect((await kiki('live on email --tenant nobody')).answer.error.code).toBe('tenant_unknown');
  });
});
