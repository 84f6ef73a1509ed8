// Goal: a token says what was signed and nothing else passes. Method: properties over claims and damages; own clock.
import { describe, expect, it } from '@jest/globals';
import { Clock } from '@kiki/kernel';
import fc from 'fast-check';
import { HmacUrlSigner } from './url-signer.js';

class FixedClock extends Clock {
  constructor(public atMs: number) {
    super();
  }
  override nowMs(): number {
    return this.atMs;
  }
  override monotonicMs(): number {
    return this.atMs;
  }
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

const SECRET = 'a root secret of more than thirty-two characters';
const clock = new FixedClock(1_000_000);
const signer = new HmacUrlSigner(SECRET, clock);

const anyClaim = fc.record({
  tenant: fc
    .string({ minLength: 1, maxLength: 40, unit: 'binary' })
    .filter((t) => Buffer.from(t).toString() === t),
  purpose: fc.string(),
  subject: fc
    .string({ maxLength: 100, unit: 'binary' })
    .filter((t) => Buffer.from(t).toString() === t),
  expiresAtMs: fc.integer({ min: 1_000_001, max: 2 ** 48 - 1 }),
});

function codeOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('signed URL tokens', () => {
  it('give back the claim, in URL-safe characters', () => {
    fc.assert(
      fc.property(anyClaim, (claim) => {
        const token = signer.sign(claim);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(signer.verify(token, claim.purpose)).toEqual(claim);
      }),
    );
  });

  it('are nothing for another purpose, another secret, or with any character changed', () => {
    fc.assert(
      fc.property(anyClaim, fc.nat(), fc.constantFrom(...'AZaz09-_=.'), (claim, at, other) => {
        const token = signer.sign(claim);
        const position = at % token.length;
        fc.pre(token[position] !== other);
        const damaged = token.slice(0, position) + other + token.slice(position + 1);
        expect(codeOf(() => signer.verify(damaged, claim.purpose))).toBe('token_invalid');
        expect(codeOf(() => signer.verify(token, `${claim.purpose}x`))).toBe('token_invalid');
        const stranger = new HmacUrlSigner(`${SECRET}!`, clock);
        expect(codeOf(() => stranger.verify(token, claim.purpose))).toBe('token_invalid');
      }),
    );
  });

  it('refuse arbitrary text and the empty one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(codeOf(() => signer.verify(text, 'unsubscribe'))).toBe('token_invalid');
      }),
    );
  });

  it('end at their expiry, not before', () => {
    const claim = { tenant: 'default', purpose: 'notice', subject: 'm1', expiresAtMs: 1_000_500 };
    const own = new FixedClock(1_000_499);
    const timed = new HmacUrlSigner(SECRET, own);
    const token = timed.sign(claim);
    expect(timed.verify(token, 'notice')).toEqual(claim);
    own.atMs = 1_000_500;
    expect(codeOf(() => timed.verify(token, 'notice'))).toBe('token_expired');
  });

  it('survive a change of the root secret while the old one is still known', () => {
    const claim = { tenant: 'default', purpose: 'u', subject: 'm1', expiresAtMs: 2_000_000 };
    const token = signer.sign(claim);
    const changed = new HmacUrlSigner('the next root secret, long enough too', clock, [SECRET]);
    expect(changed.verify(token, 'u')).toEqual(claim);
  });

  it('stay short', () => {
    const claim = { tenant: 'default', purpose: 'unsubscribe', subject: 'm'.repeat(36) };
    expect(signer.sign({ ...claim, expiresAtMs: 2_000_000_000_000 }).length).toBeLessThan(100);
  });
});
