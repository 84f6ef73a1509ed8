// Goal: "not taken" is said only where it is proven; everything else after the first byte is
// "unknown", hence never repeated.
// Method: every kind of failure an SMTP client reports, before and after the first byte.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryOutcome } from './delivery-outcome.js';

describe('deliveryOutcome', () => {
  it.each([
    [
      'no such mailbox',
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 },
      false,
      'refused',
      true,
    ],
    [
      'greylisted',
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 451 },
      false,
      'refused',
      false,
    ],
    ['spam', { code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, true, 'refused', true],
    [
      'put off after the data',
      { code: 'EMESSAGE', command: 'DATA', responseCode: 452 },
      true,
      'refused',
      false,
    ],
    ['bad recipient', { code: 'EENVELOPE', command: 'API' }, false, 'refused', true],
  ] as const)('%s', (_what, failure, hasBegun, kind, isPermanent) => {
    expect(deliveryOutcome(failure, hasBegun)).toMatchObject({ kind, isPermanent });
  });

  it.each([
    ['wrong password', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }],
    ['sender refused', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 553 }],
    ['busy', { code: 'EPROTOCOL', command: 'CONN', responseCode: 421 }],
    ['nobody there', { code: 'ECONNECTION', command: 'CONN' }],
    ['hung up before the data', { code: 'ECONNECTION', command: 'CONN' }],
  ])('%s is about us, not about the mail', (_what, failure) => {
    expect(deliveryOutcome(failure, false).kind).toBe('unreachable');
  });

  it('is unknown for every failure without an answer once a byte was handed over', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (code, command) => {
        expect(deliveryOutcome({ code, command }, true).kind).toBe('unknown');
      }),
    );
  });
});
