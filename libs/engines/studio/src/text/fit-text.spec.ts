/** Goal: a text never leaves its box and is as large as it can be. Method: a font whose characters are all equally wide. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evenMeasurer as measurer } from '../studio.fixture.js';
import { fitText, type FitOptions } from './fit-text.js';

const options: FitOptions = {
  text: 'Hot coffee for twelve hours',
  weight: 800,
  width: 600,
  height: 300,
  maxPx: 100,
  minPx: 30,
  maxLines: 3,
  field: 'headline',
};

describe('fitText', () => {
  it('sets a short text at the largest size', () => {
    expect(fitText(measurer, { ...options, text: 'Jam' })).toMatchObject({
      lines: ['Jam'],
      sizePx: 100,
    });
  });

  it('breaks into even lines', () => {
    const { lines } = fitText(measurer, {
      ...options,
      text: 'aaaa bbbb cccc dddd',
      width: 60 * 12,
    });
    expect(lines).toEqual(['aaaa bbbb', 'cccc dddd']);
  });

  it('leaves words out only at the smallest size, and says so', () => {
    const fitted = fitText(measurer, { ...options, text: 'word '.repeat(60).trim() });
    expect(fitted).toMatchObject({ sizePx: 30, isShortened: true });
    expect(fitted.lines.at(-1)).toMatch(/…$/);
  });

  it('names the field of a word that is too long', () => {
    const call = (): unknown => fitText(measurer, { ...options, text: 'x'.repeat(80) });
    expect(call).toThrow(
      expect.objectContaining({
        code: 'text_does_not_fit',
        details: expect.objectContaining({
          fields: [expect.objectContaining({ field: 'headline' })],
        }),
      }),
    );
  });

  it('keeps every line inside, keeps every word in order', () => {
    const word = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
      .filter((w) => !/\s/.test(w));
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 250, max: 900 }),
        (words, width) => {
          const text = words.join(' ');
          const fitted = fitText(measurer, { ...options, text, width });
          const style = { weight: 800, sizePx: fitted.sizePx } as const;
          expect(fitted.lines.every((line) => measurer.width(line, style) <= width)).toBe(true);
          expect(fitted.lines.length * fitted.leadingPx).toBeLessThanOrEqual(300);
          if (!fitted.isShortened) expect(fitted.lines.join(' ')).toBe(text);
        },
      ),
      { seed: 1 },
    );
  });
});
