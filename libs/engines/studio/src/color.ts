import {
  clampChroma,
  converter,
  differenceCiede2000,
  formatHex,
  parse,
  wcagContrast,
  type Oklch,
  type Rgb,
} from 'culori';
import { errors } from './errors.js';

const toOklch = converter('oklch');
const toRgb = converter('rgb');
const ciede2000 = differenceCiede2000();

/** A colour as red, green and blue from 0 to 255. */
export type Rgb8 = readonly [number, number, number];

/** Reads `#rgb` or `#rrggbb` and writes it as lower-case `#rrggbb`. @throws color_invalid */
export function hexOf(text: string, field = 'color'): string {
  const color = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text.trim()) ? parse(text.trim()) : undefined;
  if (!color) {
    throw errors.color_invalid(`"${text.slice(0, 40)}" is not a colour.`, {
      fields: [{ field, expected: 'a colour such as #3b82f6' }],
    });
  }
  return formatHex(color);
}

/** WCAG 2.2 contrast ratio of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  return wcagContrast(a, b);
}

/** CIEDE2000 colour difference (Sharma, Wu, Dalal 2005). */
export function deltaE00(a: string, b: string): number {
  return ciede2000(a, b);
}

/** CIEDE2000 between two 8-bit colours. */
export function deltaE00Rgb(a: Rgb8, b: Rgb8): number {
  return ciede2000(culoriRgb(a), culoriRgb(b));
}

function culoriRgb([r, g, b]: Rgb8): Rgb {
  return { mode: 'rgb', r: r / 255, g: g / 255, b: b / 255 };
}

/** `#rrggbb` as 8-bit numbers. */
export function rgb8(hex: string): Rgb8 {
  const value = Number.parseInt(hexOf(hex).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** 8-bit numbers as `#rrggbb`. */
export function hexFromRgb8([r, g, b]: Rgb8): string {
  return `#${((r << 16) | (g << 8) | b).toString(16).padStart(6, '0')}`;
}

/** WCAG relative luminance of an 8-bit colour, 0 to 1. */
export function luminance([r, g, b]: Rgb8): number {
  const linear = (v: number): number => {
    const s = v / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** The colour with its OKLCH lightness, chroma and hue replaced or changed, inside sRGB. */
export function shade(
  hex: string,
  change: { l?: number; c?: number; h?: number; chromaFactor?: number; hueShift?: number },
): string {
  const base = toOklch(hexOf(hex)) as Oklch;
  const next: Oklch = {
    mode: 'oklch',
    l: change.l ?? base.l,
    c: (change.c ?? base.c) * (change.chromaFactor ?? 1),
    h: (change.h ?? base.h ?? 0) + (change.hueShift ?? 0),
  };
  return formatHex(toRgb(clampChroma(next, 'oklch')));
}

/** OKLCH lightness, 0 to 1. */
export function lightness(hex: string): number {
  return (toOklch(hex) as Oklch).l;
}

/** OKLCH chroma, 0 for grey. */
export function chroma(hex: string): number {
  return (toOklch(hex) as Oklch).c;
}

/** The nearest shade of `hex` (lightness moved, hue kept) with at least `ratio` against `background`. */
export function readable(hex: string, background: string, ratio: number): string {
  if (contrast(hex, background) >= ratio) return hexOf(hex);
  const up = lightness(background) < 0.6;
  for (let step = 1; step <= 40; step++) {
    const l = lightness(hex) + (up ? step : -step) * 0.025;
    if (l <= 0 || l >= 1) break;
    const candidate = shade(hex, { l });
    if (contrast(candidate, background) >= ratio) return candidate;
  }
  return contrast('#ffffff', background) >= contrast('#000000', background) ? '#ffffff' : '#000000';
}
