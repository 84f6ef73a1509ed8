/**
 * Goal: an objection is one to everything, the sale and sharing of data with vendors included; later consent ends it, an
 * earlier one that arrives late does not.
 * Method: the registry and the key store on a real PostgreSQL.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CheckConsents } from '../../application/check-consents.js';
import { Objections } from '../../application/privacy/objections.js';
import { RecordConsents, type ConsentInput } from '../../application/record-consents.js';
import { PostgresConsentRegistry } from './postgres-consent-registry.js';
import { openPrivacyFixture, type PrivacyFixture } from './privacy.fixture.js';

const T = 'acme';
let fixture: PrivacyFixture;
beforeAll(async () => {
  fixture = await openPrivacyFixture();
}, 60_000);
afterAll(() => fixture.test.drop());

it('stops advertising, sale to vendors and mail alike, until the person says otherwise', async () => {
  const { database, keys } = fixture;
  const registry = new PostgresConsentRegistry(database, 'opt_out');
  const nobody = () => {
    throw new Error('no signal is decoded here');
  };
  const observer = { recorded: () => undefined, checked: () => undefined };
  const decoders = { tcf: nobody, gpp: nobody };
  const records = new RecordConsents({ registry, keys, decoders, observer });
  const checks = new CheckConsents(registry, keys);
  const reasons = async () => {
    const of = { customerId: 'kim', region: 'US-CA' };
    const { answers } = await checks.execute(T, [
      { ...of, purpose: 'advertising', channel: 'web' },
      { ...of, purpose: 'advertising', channel: 'web', vendor: '755' },
      { ...of, purpose: 'marketing', channel: 'email' },
    ]);
    return answers.map(({ reason }) => reason);
  };
  const say = (id: string, more: Partial<ConsentInput> = {}) =>
    records.execute(T, 'shop', [
      {
        ...{ id, customerId: 'kim', purpose: 'advertising', channel: 'web', vendor: '' },
        ...{ action: 'granted', source: 'checkout' },
        ...more,
      },
    ]);
  const beforeMs = Date.now() - 60_000;
  await say('yes-1', { atMs: beforeMs });
  expect(await reasons()).toEqual(['granted', 'no_objection', 'no_objection']);
  const objections = new Objections(records, registry, keys);
  expect(await objections.stands(T, ['kim', 'nobody'])).toBe(false);
  await objections.object(T, 'opt-out-1', ['kim']);
  expect(await objections.stands(T, ['nobody', 'kim'])).toBe(true);
  expect(await reasons()).toEqual(['objected', 'objected', 'objected']);
  await say('yes-2', { atMs: beforeMs + 1_000 });
  expect(await reasons()).toEqual(['objected', 'objected', 'objected']);
  await say('yes-3');
  expect(await reasons()).toEqual(['granted', 'objected', 'objected']);
});
