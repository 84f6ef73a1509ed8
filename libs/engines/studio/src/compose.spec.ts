/**
 * Goal: every strategy fits every format, whatever the words. Method: all 25 compositions of fixed briefs, then random briefs; boxes
 * are compared with the safe zone and with one another.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compose } from './compose.js';
import { FORMAT_IDS, FORMATS } from './format.js';
import { contains, intersect } from './geometry.js';
import type { TextBlock } from './scene.js';
import { STRATEGIES } from './strategy.js';
import { evenMeasurer as measurer, mug } from './studio.fixture.js';

const all = FORMAT_IDS.flatMap((format) => STRATEGIES.map((strategy) => ({ format, strategy })));

function overlapping(blocks: readonly TextBlock[]): string[] {
  return blocks.flatMap((a, i) =>
    blocks.slice(i + 1).flatMap((b) => {
      const common = intersect(a.box, b.box);
      // A line box is taller than its letters: neighbours may share a little of it.
      return common.width > 1 && common.height > 0.3 * Math.min(a.sizePx, b.sizePx)
        ? [`${a.role}/${b.role}`]
        : [];
    }),
  );
}

describe.each(all)('$strategy for $format', ({ format, strategy }) => {
  it.each([{}, { photo: { isCutOut: false } }, { photo: { isCutOut: true } }])(
    'keeps texts apart and in the safe zone: %j',
    (options) => {
      const { scene } = compose({ brief: mug, strategy, format, measurer, ...options });
      const outside = scene.blocks.filter(
        ({ box }) => !contains(FORMATS[format].safeBox, box, 1.5),
      );
      expect(outside.map(({ role, box }) => ({ role, box }))).toEqual([]);
      expect(overlapping(scene.blocks)).toEqual([]);
      expect(scene.blocks.map(({ role }) => role)).toEqual(
        expect.arrayContaining(['mark', 'brand', 'headline', 'cta']),
      );
      expect(scene.photo === undefined).toBe(!('photo' in options));
    },
  );
});

describe('compose', () => {
  it('gives the same scene for the same seed and another for another seed', () => {
    const options = { brief: mug, strategy: 'abstract', format: 'meta_1_1', measurer } as const;
    expect(compose(options)).toEqual(compose(options));
    const other = compose({ ...options, brief: { ...mug, seed: 8 } });
    expect(other.scene.under).not.toBe(compose(options).scene.under);
  });

  it('fits any words into the safe zone, or says which field is too long', () => {
    const words = fc
      .array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 18 }), {
        minLength: 1,
        maxLength: 14,
      })
      .map((parts) => parts.join(' '))
      .filter((text) => /[a-z]/i.test(text));
    const brief = fc.record({
      product: fc.record({ name: words, usp: words, features: fc.array(words, { maxLength: 5 }) }),
      brand: fc.record({ name: words, colors: fc.constant(['#0ea5e9']) }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(brief, fc.constantFrom(...all), (given, { format, strategy }) => {
        let scene;
        try {
          scene = compose({ brief: given, strategy, format, measurer }).scene;
        } catch (error) {
          expect(error).toMatchObject({ code: 'text_does_not_fit' });
          return;
        }
        const { safeBox } = FORMATS[format];
        expect(scene.blocks.every(({ box }) => contains(safeBox, box, 1.5))).toBe(true);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('leaves emoji out and refuses what no font can draw', () => {
    const product = { name: '☕ Kaffee™ 🔥', features: [] };
    const options = { strategy: 'control', format: 'tiktok_9_16', measurer } as const;
    const { copy } = compose({ ...options, brief: { ...mug, product } });
    expect(copy.headline).toBe('Kaffee™');
    const foreign = { ...mug, product: { name: '熱いコーヒー', features: [] } };
    expect(() => compose({ ...options, brief: foreign })).toThrow(
      expect.objectContaining({ code: 'text_not_renderable' }),
    );
  });

  it('refuses a claim with a number that the product does not have', () => {
    const options = { strategy: 'data_led', format: 'meta_1_1', measurer } as const;
    expect(() => compose({ ...options, brief: { ...mug, claim: '95% love it' } })).toThrow(
      expect.objectContaining({ code: 'claim_number_unsupported' }),
    );
    const { copy } = compose({ ...options, brief: { ...mug, claim: 'Stays hot 12 hours' } });
    expect([copy.claim, copy.figure]).toEqual(['Stays hot 12 hours', '12 hours']);
  });
});
