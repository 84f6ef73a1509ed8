/**
 * Goal: an erasure ends every answer about consent that was given before it, wherever it is remembered: the feed names
 * the old pseudonym before its key goes, and again when no process knows it any more.
 * Method: the registry and the key store on a real PostgreSQL, a second process that still remembers the subject.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitFor } from '@kiki/testing';
import { CheckConsents } from '../../application/check-consents.js';
import { ForgetSubject } from '../../application/privacy/forget-subject.js';
import { PostgresConsentRegistry } from './postgres-consent-registry.js';
import { openPrivacyFixture, type PrivacyFixture } from './privacy.fixture.js';

const T = 'acme';
const ASK = { customerId: 'jo', purpose: 'advertising', channel: 'web', region: 'US' };
let fixture: PrivacyFixture;
beforeAll(async () => {
  fixture = await openPrivacyFixture();
}, 60_000);
afterAll(() => fixture.test.drop());

it('ends what was answered before, and lets who comes in again be somebody new', async () => {
  const { database, keys, clock } = fixture;
  const registry = new PostgresConsentRegistry(database, 'opt_out');
  const other = new CheckConsents(registry, (await fixture.another()).keys);
  const check = async () => (await other.execute(T, [ASK])).answers[0]!;
  const before = await check();
  expect(before).toMatchObject({ isAllowed: true, reason: 'no_objection' });
  const { next } = await registry.changes(T, undefined, 10);
  const newsOf = async () => (await registry.changes(T, next, 10)).items;

  const forgetting = new ForgetSubject(registry, keys, clock).execute(T, ['jo', 'nobody'], 'r1');
  await waitFor(async () => (await keys.find(T, 'jo')) === undefined, {
    ...{ timeoutMs: 10_000, what: 'the end of the key' },
  });
  expect(await newsOf()).toMatchObject([{ subject: before.subject, action: 'withdrawn' }]);
  // The other process still knows the old pseudonym: whoever asks it anew is refused.
  expect(await check()).toMatchObject({ isAllowed: false, subject: before.subject });
  await waitFor(
    async () => {
      await clock.advance(1_000);
      return (await newsOf()).length === 2;
    },
    { timeoutMs: 10_000, what: 'the second word' },
  );
  await forgetting;
  expect(await newsOf()).toMatchObject([
    { subject: before.subject },
    { subject: before.subject, action: 'withdrawn' },
  ]);
  const after = await check();
  expect(after).toMatchObject({ isAllowed: true, reason: 'no_objection' });
  expect(after.subject).not.toBe(before.subject);
  expect(await keys.find(T, 'nobody')).toBeUndefined();
});
