/**
 * Goal: whoever is erased leaves no export behind, whoever is refused no details; a request that cannot be opened stops
 * no other.
 * Method: the saga on a real PostgreSQL, services that answer by script.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PrivacyRequestDraft } from '../../application/privacy/privacy-requests.js';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { openPrivacyFixture, type PrivacyFixture } from './privacy.fixture.js';

const T = 'acme';
const NAME = 'zq9subject';
let fixture: PrivacyFixture;
let serial = 0;

beforeAll(async () => {
  fixture = await openPrivacyFixture();
}, 60_000);
afterAll(() => fixture.test.drop());

function draft(more: Partial<PrivacyRequestDraft> = {}): PrivacyRequestDraft {
  return {
    ...{ tenant: T, id: `r${serial++}`, kind: 'erase', regime: 'gdpr', isSuppressing: false },
    details: { customerIds: [`${NAME}-1`], isLocated: true },
    verificationMethod: 'logged_in',
    ...more,
  };
}

const file = (more: Partial<PrivacyRequestDraft> = {}): Promise<PrivacyRequest> =>
  fixture.requests.create(draft(more), 'ops');

describe('what is left', () => {
  it('is nothing of exports about somebody who is erased, however they were asked for', async () => {
    const gone = {
      tenant: T,
      requestId: 'e',
      customerIds: [`${NAME}-90`],
      email: 'x90@example.test',
    };
    const found = { customerIds: [], email: 'other@example.test', isLocated: false };
    fixture.services.located = [`${NAME}-90`];
    const named = { customerIds: [`${NAME}-90`], isLocated: true };
    const about: PrivacyRequest[] = [];
    for (const details of [named, found]) about.push(await file({ kind: 'access', details }));
    expect(await fixture.requests.claim(1, 0)).toHaveLength(1);
    await expect(fixture.requests.dropExportsOf(gone)).rejects.toMatchObject({
      code: 'unavailable',
    });
    const other = await file({ kind: 'access' });
    await fixture.run.execute();
    expect(await fixture.requests.dropExportsOf(gone)).toBe(2);
    expect(await fixture.requests.dropExportsOf(gone)).toBe(0);
    for (const { id } of about) {
      await expect(fixture.requests.export(T, id)).rejects.toMatchObject({
        code: 'privacy_export_gone',
      });
    }
    expect(JSON.stringify(await fixture.requests.export(T, other.id))).toContain(NAME);
  });

  it('is, of a request that nobody can open, a place behind the others', async () => {
    const shut = await file();
    await fixture.database.execute(`UPDATE privacy_requests SET sealed = 'v1.x.y' WHERE id = $1`, [
      shut.id,
    ]);
    await fixture.clock.advance(1);
    const open = await file();
    await expect(fixture.requests.claim(1, 1_000)).rejects.toThrow();
    await fixture.clock.advance(1_000);
    const [next] = await fixture.requests.claim(1, 1_000);
    expect(next?.request.id).toBe(open.id);
    await fixture.database.execute(
      `UPDATE privacy_requests SET state = 'cancelled', finished_ms = 0
      WHERE id = ANY($1::text[])`,
      [[shut.id, open.id]],
    );
  });

  it('is the objection of whoever is erased after it', async () => {
    const details = { customerIds: [`${NAME}-80`], isLocated: true };
    await file({ kind: 'opt_out', details });
    await fixture.run.execute();
    const erase = await file({ details });
    fixture.services.isDown = (service) => service === 'syncvalue';
    await fixture.run.execute();
    fixture.services.isDown = () => false;
    await fixture.clock.advance(60_000);
    await fixture.run.execute();
    expect(fixture.objections.map(([id]) => id)).toContain(erase.id);
    expect(await fixture.requests.get(T, erase.id)).toMatchObject({
      ...{ state: 'completed', isSuppressing: true },
    });
  });

  it('is what services hold that were not asked yet when a legal hold came', async () => {
    const erase = await file();
    const { services } = fixture;
    services.asked.length = 0;
    const hold = { id: 'case-9', customerId: `${NAME}-1`, matter: 'case 9' };
    let placing: Promise<unknown> = Promise.resolve();
    services.isDown = (service) => {
      if (service === 'syncflow') placing = fixture.holds.place(T, hold, 'counsel');
      return false;
    };
    const execute = services.execute.bind(services);
    services.execute = async (...asked) => execute(...asked).finally(() => placing);
    await fixture.run.execute();
    services.isDown = () => false;
    services.execute = execute;
    expect(await fixture.requests.get(T, erase.id)).toMatchObject({ state: 'rejected' });
    const asked = services.asked.map(({ service }) => service);
    expect(asked).toEqual(['syncengage', 'syncflow', 'synccreate']);
    await fixture.holds.release(T, 'case-9', 'counsel');
  });

  it('says of whoever is refused no more than of whoever is helped', async () => {
    const { verificationMethod: _none, ...unverified } = draft();
    const request = await fixture.requests.create(unverified, 'ops');
    const [row] = await fixture.database.query<{ sealed: string }>(
      'SELECT sealed FROM privacy_requests WHERE id = $1',
      [request.id],
    );
    const end = { from: ['received'], to: 'rejected', reason: 'unfounded', actor: 'ops' } as const;
    await fixture.requests.move(T, request.id, end);
    expect(await fixture.keys.open(T, row!.sealed)).toBeUndefined();
    const late = { from: ['received'], to: 'verified', verificationReference: 't', actor: 'ops' } as const; // prettier-ignore
    await expect(fixture.requests.move(T, request.id, late)).rejects.toMatchObject({
      code: 'privacy_request_state',
    });
  });

  it('is not stopped by a request that cannot be opened', async () => {
    const broken = await file();
    const sound = await file({ tenant: 'rival' });
    await fixture.keys.erase(T, `\u0001privacy-request:${broken.id}`, 'x');
    await fixture.run.execute();
    expect((await fixture.requests.get('rival', sound.id)).state).toBe('completed');
    expect((await fixture.requests.get(T, broken.id)).state).toBe('running');
  });
});
