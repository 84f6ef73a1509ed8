/**
 * Goal: whoever misconfigures KIKI learns everything at once and no secret is ever printed. Method: environments in the spec's hand.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@kiki/kernel';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { defineConfig, variable } from './config-schema.js';
import { addressOf, describeConfig, loadConfig, maskUrl } from './load-config.js';
import { sharedConfig } from './shared-config.js';
import { flag, integer, port, url } from './variables.js';

const flow = defineConfig('syncflow', {
  port: variable({ env: 'SYNCFLOW_HTTP_PORT', schema: port(8082), doc: 'Port.' }),
  exchangeUrl: variable({
    env: 'SYNCFLOW_EXCHANGE_URL',
    schema: url(['http', 'https']),
    doc: 'Base URL of the exchange.',
  }),
  token: variable({
    env: 'SYNCFLOW_TOKEN',
    schema: z.string().min(8),
    doc: 'Token of the exchange.',
    isSecret: true,
    aliases: ['FLOW_TOKEN'],
  }),
  isLive: variable({ env: 'SYNCFLOW_LIVE', schema: flag(false), doc: 'Whether bids are real.' }),
});
const good = { SYNCFLOW_EXCHANGE_URL: 'http://exchange:1/', SYNCFLOW_TOKEN: 'long enough' };

const folders: string[] = [];
function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kiki-config-'));
  folders.push(folder);
  writeFileSync(join(folder, 'secret'), text);
  return join(folder, 'secret');
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function refusal(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (DomainError.is(error)) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('loadConfig', () => {
  it('gives typed values and defaults, frozen', () => {
    const [config] = loadConfig([flow], { ...good, SYNCFLOW_LIVE: 'yes', UNRELATED: 'x' });
    expect(config).toEqual({
      port: 8082,
      exchangeUrl: 'http://exchange:1',
      token: 'long enough',
      isLive: true,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every problem of every schema at once, each with what was expected and what it is for', () => {
    const error = refusal(() =>
      loadConfig([sharedConfig, flow], {
        KIKI_REPLICAS: 'many',
        DATABASE_URL: 'mysql://u:hunter2@h/d',
        LOG_LEVEL: 'loud',
        KIKI_SECRET: 'short',
        SYNCFLOW_HTTP_PORT: '70000',
        SYNCFLOW_LIVE: 'maybe',
        SYNCFLOW_EXCHANGE_URL: 'exchange',
      }),
    );
    expect(error.code).toBe('config_invalid');
    expect(error.details.fields?.map(({ field }) => field).sort()).toEqual([
      ...['DATABASE_URL', 'KIKI_REPLICAS', 'KIKI_SECRET', 'LOG_LEVEL', 'SYNCFLOW_EXCHANGE_URL'],
      ...['SYNCFLOW_HTTP_PORT', 'SYNCFLOW_LIVE', 'SYNCFLOW_TOKEN'],
    ]);
    expect(error.message).toContain('8 problems');
    expect(error.message).toContain(
      'KIKI_REPLICAS: expected a whole number from 1 to 1000 (got "many"). Number of processes',
    );
    expect(error.message).toContain('SYNCFLOW_TOKEN: expected');
    expect(error.message).toContain('it is not set');
    for (const secret of ['hunter2', 'short']) {
      expect(JSON.stringify([error.message, error.details])).not.toContain(secret);
    }
  });

  it('takes an empty text for "not set", as compose files write it', () => {
    expect(loadConfig([flow], { ...good, SYNCFLOW_HTTP_PORT: '' })[0].port).toBe(8082);
  });

  it('reads secrets from files, trimmed, and says which file it cannot read', () => {
    const { SYNCFLOW_TOKEN: _token, ...rest } = good;
    const path = fileWith('  from a file\n');
    expect(loadConfig([flow], { ...rest, SYNCFLOW_TOKEN_FILE: path })[0].token).toBe('from a file');
    expect(loadConfig([flow], { ...rest, FLOW_TOKEN_FILE: path })[0].token).toBe('from a file');
    const gone = { ...rest, SYNCFLOW_TOKEN_FILE: `${path}-gone` };
    expect(refusal(() => loadConfig([flow], gone)).details.fields).toEqual([
      { field: 'SYNCFLOW_TOKEN_FILE', expected: `a readable file (${path}-gone is not)` },
    ]);
  });

  it('reads no file for what is no secret', () => {
    const { SYNCFLOW_EXCHANGE_URL: _url, ...rest } = good;
    const environment = { ...rest, SYNCFLOW_EXCHANGE_URL_FILE: fileWith('http://exchange') };
    expect(refusal(() => loadConfig([flow], environment)).details.fields).toMatchObject([
      { field: 'SYNCFLOW_EXCHANGE_URL' },
    ]);
  });

  it('prefers a name to its alias', () => {
    const { SYNCFLOW_TOKEN: _token, ...rest } = good;
    expect(loadConfig([flow], { ...rest, FLOW_TOKEN: 'by alias' })[0].token).toBe('by alias');
    expect(loadConfig([flow], { ...good, FLOW_TOKEN: 'by alias' })[0].token).toBe('long enough');
  });

  it('reads whole numbers within their bounds and nothing else', () => {
    const schema = integer({ min: 1, max: 100, default: 7 });
    expect(schema.parse(undefined)).toBe(7);
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), (n) => schema.parse(String(n)) === n));
    for (const text of ['0', '101', '1.5', '1e1', ' 5', 'NaN', '', '0x10']) {
      expect(schema.safeParse(text).success).toBe(false);
    }
  });
});

describe('describeConfig', () => {
  it('shows each variable with its source, secrets and passwords masked, broken ones explained', () => {
    const rows = describeConfig([sharedConfig, flow], {
      SYNCFLOW_TOKEN: 'a real secret',
      SYNCFLOW_EXCHANGE_URL: 'http://me:pass@exchange',
      DATABASE_URL: 'postgresql://u:hunter2@h/d',
      KIKI_SECRET_FILE: fileWith('x'.repeat(40)),
      SHIELD_URL: 'http://shield:1/check',
      SYNCFLOW_HTTP_PORT: 'x',
    });
    const row = (env: string) => rows.find((candidate) => candidate.env === env);
    expect(row('SYNCFLOW_TOKEN')).toMatchObject({ value: '********', source: 'environment' });
    expect(row('SYNCFLOW_EXCHANGE_URL')).toMatchObject({ value: 'http://me:********@exchange' });
    expect(row('DATABASE_URL')).toMatchObject({ value: '********', schema: 'platform' });
    expect(row('KIKI_SECRET')).toMatchObject({ value: '********', source: 'file' });
    expect(row('SYNCSHIELD_URL')).toMatchObject({ value: 'http://shield:1', source: 'alias' });
    expect(row('SYNCFLOW_HTTP_PORT')?.value).toMatch(/^INVALID: expected a whole number/);
    expect(row('REDIS_URL')).toMatchObject({ value: '(not set)', source: 'default' });
    const text = JSON.stringify(rows);
    for (const secret of ['a real secret', 'hunter2', ':pass@', 'xxxx']) {
      expect(text).not.toContain(secret);
    }
  });

  it('shows of a secret what may be shown, and no more', () => {
    const mail = defineConfig('syncengage', {
      url: variable({
        env: 'MAIL_URL',
        schema: url(['smtp', 'https']).optional(),
        doc: 'Mail server.',
        isSecret: true,
        shown: (text) => addressOf(text ?? ''),
      }),
    });
    const shown = (text: string) => describeConfig([mail], { MAIL_URL: text })[0]?.value;
    expect(shown('smtp://u:hunter2@mail.test:587/hunter2?hunter2')).toBe('smtp://mail.test:587');
    expect(shown('smtp://hunter2@mail.test')).toBe('smtp://mail.test');
    expect(shown('https://mail.test/hunter2')).toBe('https://mail.test');
    expect(shown('')).toBe('(not set)');
    expect(shown('ftp://hunter2@mail.test')).toMatch(/^INVALID: [^2]*$/);
  });

  it('masks the password of any URL and leaves the rest', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9._~-]{1,20}$/);
    fc.assert(
      fc.property(word, word, word, (user, password, host) => {
        const masked = maskUrl(`see redis://${user}:${password}@${host}:6379/0 there`);
        expect(masked).toBe(`see redis://${user}:********@${host}:6379/0 there`);
      }),
    );
    expect(maskUrl('redis://:p@h')).toBe('redis://:********@h');
    expect(maskUrl('http://host:80/a:b@c')).toBe('http://host:80/a:b@c');
  });
});

describe('the shared settings', () => {
  const load = (environment: Record<string, string>) => loadConfig([sharedConfig], environment)[0];

  it('need nothing', () => {
    const config = load({});
    expect(config).toMatchObject({
      bindHost: '127.0.0.1',
      replicas: 1,
      databaseUrl: undefined,
      syncvalueUrl: '127.0.0.1:50051',
      syncshieldUrl: 'http://127.0.0.1:8081',
      corsOrigins: [],
    });
  });

  it.each([
    [{ SHIELD_URL: 'http://syncshield:8081/check' }, 'http://syncshield:8081'],
    [{ SHIELD_URL: 'http://syncshield:8081/check/' }, 'http://syncshield:8081'],
    [{ SHIELD_URL: 'http://syncshield:8081' }, 'http://syncshield:8081'],
    [{ SHIELD_URL: 'http://a/x/check' }, 'http://a/x'],
    [{ SHIELD_URL: 'http://a/checks' }, 'http://a/checks'],
    [{ SHIELD_URL: 'http://old', SYNCSHIELD_URL: 'http://new/' }, 'http://new'],
  ])('read the address of SyncShield from %j', (environment, expected) => {
    expect(load(environment).syncshieldUrl).toBe(expected);
  });

  it('take a gRPC target with or without a scheme', () => {
    for (const [text, target] of [
      ['grpc://value:50051/', 'value:50051'],
      ['dns:///value:50051', 'dns:///value:50051'],
      ['value:1', 'value:1'],
    ]) {
      expect(load({ SYNCVALUE_URL: text! }).syncvalueUrl).toBe(target);
    }
  });

  it('split the origins', () => {
    expect(load({ KIKI_CORS_ORIGINS: 'https://a, https://b,,' }).corsOrigins).toEqual([
      'https://a',
      'https://b',
    ]);
  });
});
