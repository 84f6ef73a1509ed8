// Goal: the promises about keys hold on a real store, between two processes' worth of caches.
// Method: two Auths over pools of their own on one database; clocks in the spec's hand wherever age decides.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRandom, SystemClock, SystemRandom, type Clock } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, FakeClock, waitFor, type TestDatabase } from '@kiki/testing';
import { newApiKey } from './api-key.js';
import { Auth, AUTH_SCHEMA, authMigrationsDir } from './auth.js';
import { signPayload } from './payload-signer.js';

const SECRET = 'a root secret of more than thirty-two characters';

/** Time stands still and nobody who sleeps ever wakes: only NOTIFY or a jump of the clock can change an answer. */
class DeafClock extends FakeClock {
  override sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return super.sleep(Number.MAX_SAFE_INTEGER, signal);
  }
}

let store: TestDatabase;
const opened: { auth: Auth; database: PostgresDatabase }[] = [];

function open(clock: Clock = new SystemClock(), rootSecret = SECRET): Auth {
  const database = new PostgresDatabase({
    connection: store.connection,
    schema: AUTH_SCHEMA,
    max: 3,
  });
  const auth = new Auth({
    ...{ database, clock, rootSecret },
    random: new SystemRandom(),
    logger: new SilentLogger(),
  });
  opened.push({ auth, database });
  return auth;
}

async function listening(auth: Auth): Promise<Auth> {
  await waitFor(() => auth.isListening, { what: 'the LISTEN connection' });
  return auth;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
}

beforeAll(async () => {
  store = await createTestDatabase({ schema: AUTH_SCHEMA, migrationsDir: authMigrationsDir });
}, 120_000);

afterEach(async () => {
  for (const { auth, database } of opened.splice(0)) {
    await auth.close();
    await database.close();
  }
});

afterAll(() => store?.drop());

describe('the first key', () => {
  it('is made once, by exactly one of eight that start together', async () => {
    const auths = [open(), open()];
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, i) => auths[i % 2]!.admin.ensureFirstKey()),
    );
    const keys = made.filter((key) => key !== undefined);
    expect(keys).toHaveLength(1);
    expect(await auths[0]?.admin.ensureFirstKey()).toBeUndefined();
    const principal = await auths[1]?.authenticator.authenticate(keys[0]?.key);
    expect(principal).toMatchObject({ tenant: 'default', scopes: ['*', 'platform:admin'] });
  });
});

describe('API keys', () => {
  it('are accepted, listed without secrets, and lie in the store as a digest only', async () => {
    const auth = open();
    const { key, info } = await auth.admin.createKey({ name: 'shop', scopes: ['shield:write'] });
    const principal = await auth.authenticator.authenticate(key);
    expect(principal).toEqual({ keyId: info.keyId, tenant: 'default', scopes: ['shield:write'] });
    const secret = key.slice(-36);
    expect(JSON.stringify(await auth.admin.listKeys())).not.toContain(secret);
    const rows = await store.database.query(`select k::text as row from kiki_auth.api_keys k`);
    const hex = Buffer.from(secret).toString('hex');
    for (const { row } of rows) {
      expect(row).not.toContain(secret);
      expect(row).not.toContain(hex);
    }
  });

  it('unknown, wrong, expired and missing ones each have their own code', async () => {
    const clock = new DeafClock();
    const auth = open(clock);
    const expiresAt = new Date(clock.nowMs() + 5_000);
    const { key } = await auth.admin.createKey({ name: 'short', scopes: ['*'], expiresAt });
    expect(await codeOf(auth.authenticator.authenticate(key))).toBe('accepted');
    await clock.advance(5_000);
    expect(await codeOf(auth.authenticator.authenticate(key))).toBe('key_expired');
    const stranger = newApiKey('live', new SeededRandom(1)).key;
    expect(await codeOf(auth.authenticator.authenticate(stranger))).toBe('key_unknown');
    expect(await codeOf(auth.authenticator.authenticate(`${key}x`))).toBe('key_malformed');
    expect(await codeOf(auth.authenticator.authenticate(undefined))).toBe('key_missing');
  });

  it('with the id of one and a well-formed secret of another are unknown', async () => {
    const auth = open();
    const { info } = await auth.admin.createKey({ name: 'a', scopes: ['*'] });
    const twin = newApiKey('live', {
      nextInt: (bound: number) => new SystemRandom().nextInt(bound),
    } as SystemRandom);
    await store.database.execute(`update kiki_auth.api_keys set key_id = $2 where key_id = $1`, [
      info.keyId,
      twin.id,
    ]);
    expect(await codeOf(auth.authenticator.authenticate(twin.key))).toBe('key_unknown');
  });

  it('cost no query while they are hot', async () => {
    const clock = new DeafClock();
    const auth = await listening(open(clock));
    const { key } = await auth.admin.createKey({ name: 'hot', scopes: ['*'] });
    // The NOTIFY of its creation may come after the first look at it, and makes it be loaded once more.
    const first = await waitFor(async () => {
      await auth.authenticator.authenticate(key);
      return auth.authenticator.peek(key);
    });
    for (let i = 0; i < 1_000; i++) expect(auth.authenticator.peek(key)).toBe(first);
  });

  it('when revoked are refused everywhere within two seconds', async () => {
    const [here, there] = [await listening(open()), await listening(open())];
    const { key, info } = await here.admin.createKey({ name: 'r', scopes: ['*'] });
    await there.authenticator.authenticate(key);
    const beganMs = performance.now();
    await here.admin.revokeKey(info.keyId);
    await waitFor(
      async () => (await codeOf(there.authenticator.authenticate(key))) === 'key_revoked',
      {
        everyMs: 5,
        timeoutMs: 2_000,
      },
    );
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    expect(await codeOf(here.authenticator.authenticate(key))).toBe('key_revoked');
  });

  it('when revoked are refused by NOTIFY alone, without any time passing', async () => {
    const [here, there] = [open(), await listening(open(new DeafClock()))];
    const { key, info } = await here.admin.createKey({ name: 'n', scopes: ['*'] });
    await there.authenticator.authenticate(key);
    await here.admin.revokeKey(info.keyId);
    await waitFor(
      async () => (await codeOf(there.authenticator.authenticate(key))) === 'key_revoked',
    );
  });

  it('age out of the cache when the LISTEN connection was killed', async () => {
    const clock = new DeafClock();
    const [here, there] = [open(), await listening(open(clock))];
    const { key, info } = await here.admin.createKey({ name: 'k', scopes: ['*'] });
    await there.authenticator.authenticate(key);
    await killListeners();
    await waitFor(() => !there.isListening, { what: 'the connection to be gone' });
    await here.admin.revokeKey(info.keyId);
    await clock.advance(500);
    expect(there.authenticator.peek(key)).toBeDefined();
    await clock.advance(500);
    expect(await codeOf(there.authenticator.authenticate(key))).toBe('key_revoked');
  });

  it('are heard of again after the LISTEN connection was killed', async () => {
    const clock = new FakeClock();
    const [here, there] = [open(), await listening(open(clock))];
    const { key, info } = await here.admin.createKey({ name: 'l', scopes: ['*'] });
    await killListeners();
    await waitFor(() => !there.isListening);
    await waitFor(async () => {
      await clock.advance(250);
      return there.isListening;
    });
    await there.authenticator.authenticate(key);
    await here.admin.revokeKey(info.keyId);
    await waitFor(
      async () => (await codeOf(there.authenticator.authenticate(key))) === 'key_revoked',
    );
  });

  it('rotate with an overlap, once', async () => {
    const clock = new DeafClock();
    const auth = open(clock);
    const old = await auth.admin.createKey({ name: 'rot', scopes: ['flow:write'] });
    const next = await auth.admin.rotateKey(old.info.keyId, { overlapMs: 60_000 });
    expect(next.info).toMatchObject({ scopes: ['flow:write'], rotatedFrom: old.info.keyId });
    expect(await codeOf(auth.authenticator.authenticate(old.key))).toBe('accepted');
    expect(await codeOf(auth.authenticator.authenticate(next.key))).toBe('accepted');
    expect(await codeOf(auth.admin.rotateKey(old.info.keyId))).toBe('key_not_rotatable');
    await clock.advance(60_000);
    expect(await codeOf(auth.authenticator.authenticate(old.key))).toBe('key_expired');
    expect(await codeOf(auth.authenticator.authenticate(next.key))).toBe('accepted');
  });

  it('have their last use written in batches', async () => {
    const clock = new FakeClock();
    const auth = open(clock);
    const { key, info } = await auth.admin.createKey({ name: 'used', scopes: ['*'] });
    for (let i = 0; i < 100; i++) await auth.authenticator.authenticate(key);
    const lastUse = async (): Promise<unknown> =>
      (await auth.admin.listKeys()).find(({ keyId }) => keyId === info.keyId)?.lastUsedAt;
    expect(await lastUse()).toBeNull();
    const usedAt = clock.now();
    await clock.advance(10_000);
    await waitFor(lastUse);
    expect(await lastUse()).toEqual(usedAt);
  });

  it('refuse bad input by field', async () => {
    const { admin } = open();
    for (const input of [
      { name: '', scopes: ['*'] },
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['shield:own'] },
      { name: 'x', scopes: ['*'], expiresAt: new Date(0) },
      { name: 'x', scopes: ['*'], limit: { ratePerSecond: 0, burst: 1 } },
    ]) {
      expect(await codeOf(admin.createKey(input))).toBe('invalid_request');
    }
    expect(await codeOf(admin.createKey({ tenant: 'nobody', name: 'x', scopes: ['*'] }))).toBe(
      'tenant_unknown',
    );
    expect(await codeOf(admin.revokeKey('nothing'))).toBe('not_found');
    expect(await codeOf(admin.createTenant({ tenant: 'No Tenant' }))).toBe('invalid_request');
  });
});

describe('tenants', () => {
  it('are apart: a key acts for its own, a service key for the one it names', async () => {
    const auth = open();
    await auth.admin.createTenant({ tenant: 'acme' });
    expect(await codeOf(auth.admin.createTenant({ tenant: 'acme' }))).toBe('tenant_exists');
    const { key } = await auth.admin.createKey({ tenant: 'acme', name: 'a', scopes: ['*'] });
    expect(await auth.authenticator.authenticate(key, 'acme')).toMatchObject({ tenant: 'acme' });
    expect(await codeOf(auth.authenticator.authenticate(key, 'default'))).toBe('tenant_forbidden');
    const service = auth.serviceKey('syncflow');
    const principal = await auth.authenticator.authenticate(service, 'acme');
    expect(principal).toMatchObject({ tenant: 'acme', service: 'syncflow' });
    expect(await codeOf(auth.authenticator.authenticate(service))).toBe('tenant_unknown');
    expect(await codeOf(auth.authenticator.authenticate(service, 'nobody'))).toBe('tenant_unknown');
  });

  it('when suspended are refused, also to services, until resumed', async () => {
    const auth = open();
    await auth.admin.createTenant({ tenant: 'late' });
    const { key } = await auth.admin.createKey({ tenant: 'late', name: 'l', scopes: ['*'] });
    await auth.authenticator.authenticate(key);
    await auth.admin.suspendTenant('late');
    await waitFor(
      async () => (await codeOf(auth.authenticator.authenticate(key))) === 'tenant_suspended',
    );
    const service = auth.serviceKey('syncengage');
    expect(await codeOf(auth.authenticator.authenticate(service, 'late'))).toBe('tenant_suspended');
    await auth.admin.resumeTenant('late');
    await waitFor(async () => (await codeOf(auth.authenticator.authenticate(key))) === 'accepted');
  });
});

describe('service keys', () => {
  it('agree between processes of one secret, and only those; an earlier secret may go on', async () => {
    const [one, two] = [open(), open(undefined, SECRET)];
    const stranger = open(undefined, 'another root secret, also long enough for it');
    const key = one.serviceKey('syncflow');
    expect(await codeOf(two.authenticator.authenticate(key, 'default'))).toBe('accepted');
    expect(await codeOf(stranger.authenticator.authenticate(key, 'default'))).toBe('key_unknown');
  });

  it('may be stored keys of scope service:<name>', async () => {
    const auth = open();
    const { key } = await auth.admin.createKey({ name: 's', scopes: ['service:syncengage'] });
    const principal = await auth.authenticator.authenticate(key, 'default');
    expect(principal.service).toBe('syncengage');
    expect(principal.scopes).toContain('value:write');
    expect(auth.peers('syncengage', {}, key).headers('default')).toEqual({
      authorization: `Bearer ${key}`,
      'kiki-tenant': 'default',
    });
  });
});

describe('signed payloads', () => {
  const payload = { v: 1, campaignId: 'c1', opportunities: [{ id: 'o1', floorMicros: 10n }] };

  it('of a service and of an outside producer are accepted after a trip through JSON', async () => {
    const auth = open();
    const signer = auth.payloadSigner('syncflow');
    const mark = await signer.sign('default', payload);
    const sent = { ...payload, opportunities: [{ id: 'o1', floorMicros: 10 }], tenant: 'default' };
    const arrived = JSON.parse(JSON.stringify({ ...sent, ...mark })) as Record<string, unknown>;
    expect(await signer.verify(arrived, 'flow:write')).toMatchObject({ tenant: 'default' });
    const { key, info } = await auth.admin.createKey({ name: 'p', scopes: ['flow:write'] });
    const own = signPayload(key, 'default', sent);
    expect(await signer.verify(own, 'flow:write')).toMatchObject({ keyId: info.keyId });
    expect(await codeOf(signer.verify(own, 'shield:write'))).toBe('scope_missing');
  });

  it('are refused unsigned, changed, for a foreign tenant, by a revoked or unknown key', async () => {
    const auth = open();
    const signer = auth.payloadSigner('syncflow');
    const { key, info } = await auth.admin.createKey({ name: 'p', scopes: ['flow:write'] });
    const own = signPayload(key, 'default', { ...payload, opportunities: [] });
    const verify = (changed: Record<string, unknown>): Promise<unknown> =>
      codeOf(signer.verify(changed, 'flow:write'));
    expect(await verify({ v: 1, tenant: 'default' })).toBe('signature_missing');
    expect(await verify({ ...own, campaignId: 'c2' })).toBe('signature_invalid');
    expect(await verify({ ...own, sig: own.sig.slice(1) })).toBe('signature_invalid');
    expect(await verify({ ...own, extra: 1 })).toBe('signature_invalid');
    expect(await verify({ ...own, keyId: 'syncflow' })).toBe('signature_invalid');
    expect(await verify({ ...own, keyId: 'nobody' })).toBe('signature_invalid');
    expect(await verify(signPayload(key, 'elsewhere', payload))).toBe('tenant_forbidden');
    await auth.admin.revokeKey(info.keyId);
    await waitFor(async () => (await verify(own)) === 'signature_invalid');
  });
});

describe('live channels', () => {
  it('are off until switched on, per tenant, and known everywhere', async () => {
    const [here, there] = [open(), await listening(open(new DeafClock()))];
    const email = { tenant: 'default', channel: 'email', changedBy: 'spec' };
    expect(await there.liveChannels.isLive('default', 'email')).toBe(false);
    await here.admin.setLiveChannel({ ...email, isLive: true });
    await waitFor(() => there.liveChannels.isLive('default', 'email'));
    expect(await there.liveChannels.isLive('default', 'sms')).toBe(false);
    await here.admin.setLiveChannel({ ...email, isLive: false });
    await waitFor(async () => !(await there.liveChannels.isLive('default', 'email')));
    expect(await here.admin.listLiveChannels('default')).toMatchObject([
      { channel: 'email', isLive: false, changedBy: 'spec' },
    ]);
  });
});

async function killListeners(): Promise<void> {
  const killed = await store.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`,
  );
  expect(killed.length).toBeGreaterThan(0);
}
