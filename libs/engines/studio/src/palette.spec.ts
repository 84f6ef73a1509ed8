/** Goal: text of a palette can be read on its ground, for any brand colour. Method: random colours, contrast by the formula. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contrast, deltaE00, hexOf, readable } from './color.js';
import { paletteOf } from './palette.js';

const color = fc
  .integer({ min: 0, max: 0xffffff })
  .map((n) => `#${n.toString(16).padStart(6, '0')}`);

describe('paletteOf', () => {
  it('keeps the brand colour and every text readable on it', () => {
    fc.assert(
      fc.property(color, (primary) => {
        const p = paletteOf('Brand', [primary]);
        expect(p.primary).toBe(primary);
        expect(contrast(p.onPrimary, p.primary)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(p.ink, p.paper)).toBeGreaterThanOrEqual(7);
        expect(contrast(p.muted, p.paper)).toBeGreaterThanOrEqual(5.9);
        expect(contrast(p.onDeep, p.deep)).toBeGreaterThanOrEqual(4.5);
        expect(contrast('#ffffff', p.night)).toBeGreaterThanOrEqual(15);
      }),
      { seed: 1 },
    );
  });

  it('makes a colour of the name when none is given, always the same', () => {
    expect(paletteOf('Q', []).primary).toBe(paletteOf('Q', []).primary);
    expect(paletteOf('Q', []).primary).not.toBe(paletteOf('R', []).primary);
  });

  it('refuses what is no colour', () => {
    expect(() => paletteOf('Q', ['blue'])).toThrow(
      expect.objectContaining({ code: 'color_invalid' }),
    );
  });
});

describe('colour', () => {
  it('reads both spellings', () => {
    expect([hexOf('#3B82F6'), hexOf('#fff')]).toEqual(['#3b82f6', '#ffffff']);
  });

  it('measures like WCAG and CIEDE2000', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(deltaE00('#ffffff', '#000000')).toBeCloseTo(100, 3);
  });

  it('moves a colour until it can be read', () => {
    fc.assert(
      fc.property(color, color, (hex, ground) => {
        expect(contrast(readable(hex, ground, 4.5), ground)).toBeGreaterThanOrEqual(4.5);
      }),
      { seed: 1 },
    );
  });
});
