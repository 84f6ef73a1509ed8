/** Goal: the words are the caller's own, within the platform's limits. Method: briefs with texts of known lengths. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyFor, lengthOf, overlap, shorten } from './copy.js';
import { FORMAT_IDS, FORMATS } from './format.js';
import { STRATEGIES } from './strategy.js';
import { mug } from './studio.fixture.js';

describe('copyFor', () => {
  it('prefers another own text to a headline that is cut', () => {
    const product = { ...mug.product, usp: 'x'.repeat(20).concat(' ').repeat(4) };
    const { headline, shortened } = copyFor(
      { ...mug, product },
      'control',
      FORMATS.google_rda_191_1,
    );
    expect(headline).toBe('Leak-proof lid');
    expect(shortened).not.toContain('headline');
  });

  it('does not say the same twice', () => {
    const { headline, body } = copyFor(mug, 'control', FORMATS.meta_1_1);
    expect(headline).toBe('Hot coffee for 12 hours');
    expect(body).toBe('Travel Mug: Leak-proof lid');
  });

  it('takes a given headline and call to action as they are', () => {
    const brief = { ...mug, headline: 'Made for mornings', cta: 'Order' };
    expect(copyFor(brief, 'abstract', FORMATS.meta_1_1)).toMatchObject({
      headline: 'Made for mornings',
      cta: 'Order',
      shortened: [],
    });
  });

  it('never exceeds a limit and says which field it cut', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        fc.record({ name: text, usp: text, features: fc.array(text, { maxLength: 3 }) }),
        fc.constantFrom(...FORMAT_IDS),
        fc.constantFrom(...STRATEGIES),
        (product, format, strategy) => {
          const { textLimits } = FORMATS[format];
          const copy = copyFor({ ...mug, product }, strategy, FORMATS[format]);
          for (const field of ['headline', 'body', 'brandName', 'cta'] as const) {
            expect(lengthOf(copy[field])).toBeLessThanOrEqual(textLimits[field].max);
            if (copy[field].endsWith('…') && lengthOf(copy[field]) > 1) continue;
            expect(copy.shortened).not.toContain(field);
          }
        },
      ),
      { seed: 1 },
    );
  });
});

describe('shorten', () => {
  it.each([
    ['one two three', 20, 'one two three'],
    ['one two, three', 10, 'one two…'],
    ['onetwothree', 6, 'onetw…'],
  ])('%j to %d characters', (text, max, expected) => {
    expect(shorten(text, max)).toBe(expected);
  });
});

describe('overlap', () => {
  it('counts shared words', () => {
    expect(overlap('Keeps coffee hot for 12 hours', 'Hot coffee for 12 hours')).toBe(3 / 4);
    expect(overlap('Leak-proof lid', 'Hot coffee')).toBe(0);
    expect(overlap('a b', 'a b')).toBe(0);
  });
});
