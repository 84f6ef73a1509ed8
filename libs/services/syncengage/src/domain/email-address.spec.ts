// Goal: one mailbox has one spelling, and nothing that is no address gets through. Method: table,
// and idempotence by property.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { looksLikeEmail, normaliseEmail } from './email-address.js';

describe('normaliseEmail', () => {
  it.each([
    [' Ann.Lee@Example.TEST ', 'ann.lee@example.test'],
    ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'],
    ['a+b@x.co', 'a+b@x.co'],
  ])('%j becomes %j', (text, expected) => {
    expect(normaliseEmail(text)).toBe(expected);
  });

  it.each([
    '',
    'ann',
    '@example.test',
    'ann@',
    'ann@localhost',
    'a b@example.test',
    'ann@example.test\r\nBcc: all@example.test',
    'ann@@example.test',
    'ann..lee@example.test',
    '<ann@example.test>',
    `${'a'.repeat(65)}@example.test`,
    `a@${'b'.repeat(250)}.test`,
  ])('refuses %j', (text) => {
    expect(normaliseEmail(text)).toBeUndefined();
  });

  it('gives the same again for what it gave', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        const once = normaliseEmail(address);
        if (once !== undefined) expect(normaliseEmail(once)).toBe(once);
      }),
    );
  });

  it('tells addresses from ids', () => {
    expect(looksLikeEmail('ann@example.test')).toBe(true);
    expect(looksLikeEmail('customer-1')).toBe(false);
  });
});
