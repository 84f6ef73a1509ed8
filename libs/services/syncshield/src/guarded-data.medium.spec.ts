/**
 * Goal: with four eyes no key alone changes what consent means, erases anybody or exports what is held of them; what a
 * second key approves begins once, and no approval says whom it is about.
 * Method: the real service on a real PostgreSQL with everything guarded, two keys of one tenant, plain requests.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-guarded-data-'));
const NAME = 'zq9canary';
let db: TestDatabase;
let host: Host;
let url: string;
let ann: string;
let bob: string;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_FOUR_EYES: 'on',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  ann = host.firstKey ?? '';
  const made = { tenant: 'default', name: 'bob', scopes: ['*'] };
  bob = (await host.auth.admin.createKey(made)).key;
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

async function call(method: string, path: string, body?: unknown, key = ann) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const approve = (approvalId: unknown, key = bob) =>
  call('POST', `/v1/approvals/${String(approvalId)}/approve`, {}, key);
const request = (id: string, kind: string, more: object = {}) => {
  const verification = { method: 'document', reference: `passport of ${NAME}` };
  const who = { customerId: `${NAME}-1`, email: `${NAME}@example.test` };
  const body = { id, kind, regime: 'gdpr', ...who, verification, ...more };
  return call('POST', '/v1/privacy/requests', body);
};
const stateOf = async (id: string) =>
  (await call('GET', `/v1/privacy/requests/${id}`)).body['state'];

describe('four eyes on data', () => {
  it('keep consent settings for a second key', async () => {
    const { body: inForce } = await call('GET', '/v1/consent/settings');
    const wanted = {
      ...{ regimes: { DE: 'opt_out' }, unknownRegion: 'opt_out', notices: [] },
      ...{ purposes: [{ id: 'marketing', isSale: false, tcfPurposes: [] }], reconsentMonths: 6 },
    };
    const asked = await call('PUT', '/v1/consent/settings', wanted);
    expect(asked).toMatchObject({
      status: 202,
      body: { action: 'consent_settings', target: 'consent', before: { version: 0 } },
    });
    expect((await call('GET', '/v1/consent/settings')).body).toEqual(inForce);
    const own = await approve(asked.body['approvalId'], ann);
    expect(own.body).toMatchObject({ code: 'approval_by_requester' });
    expect((await approve(asked.body['approvalId'])).status).toBe(200);
    expect((await call('GET', '/v1/consent/settings')).body).toMatchObject({
      ...{ version: 1, regimes: { DE: 'opt_out' }, reconsentMonths: 6 },
    });
    expect((await call('PUT', '/v1/consent/settings', wanted)).status).toBe(200);
    const [one, two] = await Promise.all(
      [7, 8].map((reconsentMonths) =>
        call('PUT', '/v1/consent/settings', { ...wanted, reconsentMonths }),
      ),
    );
    expect((await approve(one!.body['approvalId'])).status).toBe(200);
    expect((await approve(two!.body['approvalId'])).body).toMatchObject({
      code: 'approval_outdated',
    });
  });

  it('keep an erasure for a second key, filed at once and begun once', async () => {
    const asked = await request('e1', 'erase');
    expect(asked).toMatchObject({
      status: 202,
      body: { action: 'erase_subject', target: 'e1', after: { verificationMethod: 'document' } },
    });
    expect((await request('e1', 'erase')).body).toEqual(asked.body);
    expect(await stateOf('e1')).toBe('received');
    expect((await approve(asked.body['approvalId'], ann)).body).toMatchObject({
      code: 'approval_by_requester',
    });
    expect((await approve(asked.body['approvalId'])).status).toBe(200);
    expect(await stateOf('e1')).not.toBe('received');
    expect(await request('e1', 'erase')).toMatchObject({
      status: 200,
      body: { id: 'e1', verificationMethod: 'document' },
    });
  });

  it('keep an export too, also one that is verified later; a rejected one does not begin', async () => {
    expect((await request('x1', 'access', { verification: undefined })).status).toBe(200);
    const verify = () => call('POST', '/v1/privacy/requests/x1/verify', { method: 'email_link' });
    const asked = await verify();
    expect(asked).toMatchObject({ status: 202, body: { action: 'export_subject', target: 'x1' } });
    await call('POST', `/v1/approvals/${String(asked.body['approvalId'])}/reject`, {}, bob);
    expect(await stateOf('x1')).toBe('received');
    const again = await verify();
    expect(again.body['approvalId']).not.toBe(asked.body['approvalId']);
    await call('POST', '/v1/privacy/requests/x1/cancel', { reason: 'taken back' });
    expect((await approve(again.body['approvalId'])).body).toMatchObject({
      code: 'approval_outdated',
    });
    expect(await stateOf('x1')).toBe('cancelled');
  });

  it('let what neither destroys nor gives out begin at once, and name nobody', async () => {
    expect(await request('o1', 'opt_out')).toMatchObject({
      status: 200,
      body: { kind: 'opt_out' },
    });
    const { rows } = await db.database.pool.query<{ found: bigint; all: bigint }>(
      `SELECT (SELECT count(*) FROM syncshield.approvals a WHERE a::text LIKE '%' || $1 || '%')
            + (SELECT count(*) FROM syncshield.audit_bundles b WHERE b::text LIKE '%' || $1 || '%')
              AS found, (SELECT count(*) FROM syncshield.approvals) AS all`,
      [NAME],
    );
    expect(rows).toEqual([{ found: 0n, all: 6n }]);
  });
});
