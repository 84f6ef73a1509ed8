/**
 * Goal: a correction that no store can take is refused where it is asked for, naming the field.
 * Method: the schema of the request, with texts that jsonb refuses and texts that only look like them.
 */
import { expect, it } from '@jest/globals';
import { PrivacyRequestBody } from './privacy.schema.js';

const asked = (traits: Record<string, unknown>) =>
  PrivacyRequestBody.safeParse({
    ...{ id: 'r1', kind: 'rectify', regime: 'gdpr', customerId: 'c1', changes: { traits } },
  });

it.each([
  ['a NUL', { name: 'a\0b' }],
  ['half a surrogate pair', { name: '\ud83d' }],
  ['a NUL deep down', { address: { lines: ['ok', '\0'] } }],
  ['a name with one', { 'a\0': 'b' }],
])('refuses %s', (_, traits) => {
  const issues = asked(traits).error?.issues ?? [];
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['changes.traits']);
});

it.each([
  ['plain text', { name: 'Zoë 😀' }],
  ['the escape itself as text', { name: String.raw`\u0000 and \ud83d` }],
  ['a removal', { name: null }],
])('takes %s', (_, traits) => {
  expect(asked(traits).success).toBe(true);
});
