/**
 * Goal: SyncEngage finds, exports, corrects, stops and erases what it holds of a person, and of nobody else.
 * Method: the real service on a real PostgreSQL over HTTP, with the key that SyncShield has.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, temporaryHome, type TestDatabase } from '@kiki/testing';
import { syncengageDefinition } from './index.js';

const home = temporaryHome('kiki-engage-privacy-');
let db: TestDatabase;
let host: Host;
let asShop: string;
let asShield: string;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home.path, LOG_LEVEL: 'silent' };
  host = await start([syncengageDefinition], { environment, portBase: 0 });
  asShop = host.firstKey ?? '';
  const made = await host.auth.admin.createKey({
    ...{ tenant: 'default', scopes: ['privacy:write'], name: 'syncshield' },
  });
  asShield = made.key;
}, 60_000);
afterAll(async () => {
  await host.stop();
  await db.drop();
  home.remove();
});

async function post(path: string, body: object, key = asShop): Promise<Record<string, unknown>> {
  const answer = await fetch(`${host.service('syncengage').httpUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

const ask = (requestId: string, action: string, more: object): Promise<Record<string, unknown>> =>
  post('/v1/privacy/requests/execute', { requestId, action, ...more }, asShield);

async function profileOf(id: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${host.service('syncengage').httpUrl}/v1/profiles/${id}`, {
    headers: { authorization: `Bearer ${asShop}` },
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('finds by address, exports, corrects, stops and erases one person and no other', async () => {
  for (const id of ['ann', 'bob']) {
    const traits = { email: `${id}@Example.test`, name: id, tier: 'gold' };
    await post('/v1/track', { anonymousId: `device-${id}`, event: 'Seen' });
    await post('/v1/identify', { userId: id, anonymousId: `device-${id}`, traits });
    await post('/v1/track', { userId: id, event: 'Liked', properties: { by: id } });
  }
  expect(
    await post('/v1/privacy/requests/execute', { requestId: 'x', action: 'erase' }),
  ).toMatchObject({ status: 403, code: 'scope_missing' });
  const found = await ask('r1', 'locate', { email: 'ANN@example.test' });
  expect(found['customerIds']).toEqual(['ann']);

  const { parts } = await ask('r2', 'access', { customerIds: ['ann'] });
  const held = parts as Record<string, unknown[]>;
  expect(held['syncengage.events']).toHaveLength(3);
  expect(held['syncengage.profiles']).toMatchObject([{ email: 'ann@example.test' }]);
  expect(JSON.stringify(parts)).not.toContain('bob');

  await ask('r3', 'rectify', {
    ...{ customerIds: ['ann'] },
    changes: { email: 'ann.new@example.test', traits: { name: 'Anne', tier: null } },
  });
  expect(await profileOf('ann')).toMatchObject({
    ...{ email: 'ann.new@example.test', traits: { name: 'Anne' } },
  });
  const wrong = { customerIds: ['ann'], changes: { email: 'no @ddress', traits: { name: 'No' } } };
  const bad = await ask('r4', 'rectify', wrong);
  expect(bad['receipt']).toMatchObject({ refusal: 'email_invalid', counts: {} });
  expect(JSON.stringify(bad)).not.toContain('ddress');
  expect(await ask('r4', 'rectify', wrong)).toEqual(bad);
  expect(await profileOf('ann')).toMatchObject({ traits: { name: 'Anne' } });

  await ask('r5', 'opt_out', { customerIds: ['ann'] });
  expect(await profileOf('ann')).toMatchObject({ subscription: 'unsubscribed' });

  const first = await ask('r6', 'erase', { customerIds: ['ann'] });
  expect(first['receipt']).toMatchObject({
    counts: { 'syncengage.profiles': 1, 'syncengage.events': 3, 'syncengage.anonymous_links': 1 },
  });
  expect(await ask('r6', 'erase', { customerIds: ['ann'] })).toEqual(first);
  expect(await profileOf('ann')).toMatchObject({ code: 'profile_not_found' });
  expect(await profileOf('bob')).toMatchObject({ traits: { name: 'bob', tier: 'gold' } });
  // The device is nobody's now: what it does next is not the erased person's.
  await post('/v1/track', { anonymousId: 'device-ann', event: 'Seen' });
  const again = await ask('r7', 'access', { customerIds: ['ann'] });
  expect(Object.values(again['parts'] as object).flat()).toEqual([]);
}, 60_000);
