// Goal: the key format carries enough randomness, refuses every damage offline, and derives what is stored.
// Method: properties over seeded generators.
import { describe, expect, it } from '@jest/globals';
import { SeededRandom, SystemRandom } from '@kiki/kernel';
import fc from 'fast-check';
import {
  derivedServiceKey,
  digestOf,
  isSameDigest,
  newApiKey,
  parseApiKey,
  signingKeyOf,
} from './api-key.js';

const anyKey = fc
  .tuple(fc.integer(), fc.constantFrom('live', 'test', 'stage1'))
  .map(([seed, env]) => newApiKey(env, new SeededRandom(seed)).key);

function codeOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('API keys', () => {
  it('have the documented shape and come apart again', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { key, id } = newApiKey('live', new SeededRandom(seed));
        const parts = parseApiKey(key);
        expect(parts.env).toBe('live');
        expect(parts.id).toBe(id);
        expect(key).toBe(`kiki_live_${id}_${parts.secret}`);
      }),
    );
  });

  it('carry at least 160 random bits after the id', () => {
    const { secret } = parseApiKey(newApiKey('live', new SystemRandom()).key);
    expect(Math.log2(62) * (secret.length - 6)).toBeGreaterThanOrEqual(160);
    const seen = new Set(
      Array.from({ length: 2_000 }, () => newApiKey('live', new SystemRandom()).key),
    );
    expect(seen.size).toBe(2_000);
  });

  it('refuse any change of one character without a store', () => {
    fc.assert(
      fc.property(anyKey, fc.nat(), fc.constantFrom(...'09AZaz_-'), (key, at, replacement) => {
        const position = at % key.length;
        fc.pre(key[position] !== replacement);
        const damaged = key.slice(0, position) + replacement + key.slice(position + 1);
        expect(codeOf(() => parseApiKey(damaged))).toBe('key_malformed');
      }),
      { numRuns: 500 },
    );
  });

  it('refuse truncation, extension and arbitrary text', () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 40 }), (key, cut) => {
        expect(codeOf(() => parseApiKey(key.slice(0, -cut)))).toBe('key_malformed');
        expect(codeOf(() => parseApiKey(`${key}0`))).toBe('key_malformed');
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) =>
        expect(codeOf(() => parseApiKey(text))).toBe('key_malformed'),
      ),
    );
  });

  it('refuse an environment that would break the shape or pass for a service', () => {
    for (const env of ['', 'Live', 'a_b', '1a', 'svc']) {
      expect(() => newApiKey(env, new SeededRandom(1))).toThrow(TypeError);
    }
  });

  it('have a digest and a signing key that differ from each other and between keys', () => {
    const [a, b] = [
      newApiKey('live', new SystemRandom()).key,
      newApiKey('live', new SystemRandom()).key,
    ];
    expect(isSameDigest(digestOf(a), digestOf(a))).toBe(true);
    expect(isSameDigest(digestOf(a), digestOf(b))).toBe(false);
    expect(isSameDigest(digestOf(a), new Uint8Array(4))).toBe(false);
    expect(signingKeyOf(a).equals(digestOf(a))).toBe(false);
    expect(signingKeyOf(a).equals(signingKeyOf(b))).toBe(false);
  });
});

describe('derived service keys', () => {
  it('agree for the same secret and differ by service and secret', () => {
    const key = derivedServiceKey('one root secret of some length', 'syncflow');
    expect(derivedServiceKey('one root secret of some length', 'syncflow')).toBe(key);
    expect(parseApiKey(key)).toMatchObject({ env: 'svc', id: 'syncflow' });
    expect(derivedServiceKey('one root secret of some length', 'syncvalue')).not.toBe(key);
    expect(derivedServiceKey('another root secret', 'syncflow')).not.toBe(key);
  });
});
