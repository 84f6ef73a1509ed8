/**
 * Goal: widths are those of the font file. Method: Inter as it is installed, whose advances are known from its design (units per em
 * 2048; a space of 0.28 em), and a damaged file.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import { readFontMetrics } from './font-metrics.js';

const file = createRequire(import.meta.url).resolve(
  '@fontsource/inter/files/inter-latin-700-normal.woff',
);
const bytes = readFileSync(file);

describe('readFontMetrics', () => {
  const font = readFontMetrics(bytes, (packed) => inflateSync(packed));

  it('reads advances of letters, signs and umlauts', () => {
    const advance = (text: string): number => font.advance(text.codePointAt(0) ?? 0) ?? NaN;
    expect(advance('m')).toBeGreaterThan(advance('i') * 2);
    expect(advance('ä')).toBe(advance('a'));
    expect(advance('0')).toBeGreaterThan(0.5);
    expect(advance('W')).toBeLessThan(1.2);
  });

  it('knows what it cannot draw', () => {
    expect(font.advance('日'.codePointAt(0) ?? 0)).toBeUndefined();
  });

  it('refuses another kind of file', () => {
    expect(() => readFontMetrics(new Uint8Array(64), (packed) => packed)).toThrow(
      expect.objectContaining({ code: 'font_invalid' }),
    );
  });
});
