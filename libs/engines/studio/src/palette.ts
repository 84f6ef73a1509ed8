import { SeededRandom } from '@kiki/kernel';
import { chroma, contrast, hexOf, readable, shade } from './color.js';
import { hash32 } from './hash.js';

/** Colours of one creative, all derived from the brand's. */
export interface Palette {
  /** The brand's primary colour, exactly as given. */
  readonly primary: string;
  /** Second brand colour, or a neighbour of the primary. */
  readonly accent: string;
  /** Very dark tone of the primary's hue, for text on light. */
  readonly ink: string;
  /** Nearly black, for dark backgrounds. */
  readonly night: string;
  /** Nearly white tint of the primary's hue. */
  readonly paper: string;
  /** Light tint for shapes behind dark text. */
  readonly tint: string;
  /** Middle tone between tint and primary, for illustration. */
  readonly soft: string;
  /** Deep shade of the primary. */
  readonly deep: string;
  /** Text on `primary`, contrast ≥ 4.5. */
  readonly onPrimary: string;
  /** Text on `deep`. */
  readonly onDeep: string;
  /** Secondary text on `paper`, contrast ≥ 6. */
  readonly muted: string;
}

/** Smallest contrast that layouts aim at, above the 4.5 that checks demand, to survive encoding. */
export const TARGET_CONTRAST = 5;

/** White or dark text, whichever reads better on `background`. */
export function textOn(background: string, ink: string): string {
  const white = contrast('#ffffff', background);
  if (white >= TARGET_CONTRAST) return '#ffffff';
  if (contrast(ink, background) >= TARGET_CONTRAST) return ink;
  return white >= contrast('#000000', background) ? '#ffffff' : '#000000';
}

function primaryOf(brandName: string, colors: readonly string[]): string {
  const first = colors[0];
  if (first !== undefined) return hexOf(first, 'brand.primary_colors[0]');
  const random = new SeededRandom(hash32(brandName));
  return shade('#3b82f6', { l: 0.55, c: 0.16, h: random.nextInt(360) });
}

/** Derives the palette. @throws color_invalid */
export function paletteOf(brandName: string, colors: readonly string[]): Palette {
  const primary = primaryOf(brandName, colors);
  const second = colors[1];
  const c = Math.min(chroma(primary), 0.2);
  const accent =
    second === undefined
      ? shade(primary, { l: 0.78, c: Math.max(c, 0.08), hueShift: c < 0.03 ? 0 : 60 })
      : hexOf(second, 'brand.primary_colors[1]');
  const ink = shade(primary, { l: 0.22, c: Math.min(c, 0.06) });
  const paper = shade(primary, { l: 0.975, c: Math.min(c, 0.012) });
  const deep = shade(primary, { l: 0.34, c: Math.min(c, 0.12) });
  return {
    primary,
    accent,
    ink,
    night: shade(primary, { l: 0.15, c: Math.min(c, 0.03) }),
    paper,
    tint: shade(primary, { l: 0.92, c: Math.min(c, 0.045) }),
    soft: shade(primary, { l: 0.8, c: Math.min(c, 0.1) }),
    deep,
    onPrimary: textOn(primary, ink),
    onDeep: '#ffffff',
    muted: readable(shade(primary, { l: 0.42, c: Math.min(c, 0.03) }), paper, 6),
  };
}
