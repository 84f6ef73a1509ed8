import { errors } from '../errors.js';
import type { FontMetrics } from './font-metrics.js';

/** Font weights that the studio sets text in. */
export const WEIGHTS = [500, 700, 800] as const;
/** A font weight. */
export type Weight = (typeof WEIGHTS)[number];

/** How a run of text is set. */
export interface TextStyle {
  readonly weight: Weight;
  readonly sizePx: number;
  /** Extra space per character in em; negative is tighter. @default 0 */
  readonly tracking?: number;
}

/** Widths of text, before anything is drawn. */
export interface Measurer {
  /** Width in pixels; kerning is left out, so that the drawn text is never noticeably wider. */
  width(text: string, style: TextStyle): number;
  /** Characters of `text` that no font can draw. */
  missing(text: string): string[];
}

/** Measures with the fonts of each weight, asked in order for every character. */
export function measurerOf(fonts: Readonly<Record<Weight, readonly FontMetrics[]>>): Measurer {
  const advance = (weight: Weight, code: number): number | undefined => {
    for (const font of fonts[weight]) {
      const found = font.advance(code);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    width: (text, { weight, sizePx, tracking = 0 }) => {
      let em = 0;
      for (const character of text) {
        em += (advance(weight, character.codePointAt(0) ?? 0) ?? 1) + tracking;
      }
      return em * sizePx;
    },
    missing: (text) => [
      ...new Set([...text].filter((c) => advance(500, c.codePointAt(0) ?? 0) === undefined)),
    ],
  };
}

/** Refuses a text that would show as empty boxes. @throws text_not_renderable */
export function assertRenderable(
  measurer: Measurer,
  texts: Readonly<Record<string, string>>,
): void {
  const fields = Object.entries(texts).flatMap(([field, text]) => {
    const missing = measurer.missing(text);
    const shown = missing.slice(0, 10).join(' ');
    return missing.length === 0 ? [] : [{ field, expected: `a text without ${shown}` }];
  });
  if (fields.length > 0) throw errors.text_not_renderable(undefined, { fields });
}

/** Emoji, their joiners and modifiers; the signs © ® ™ are letters of the font and stay. */
const EMOJI = /\p{RGI_Emoji}|[\p{Emoji_Presentation}\p{Emoji_Modifier}\p{RI}\u20e3]/gv;

/**
 * The text as it is drawn: composed, one kind of white space, no control or invisible characters, and no emoji, which
 * the font does not have and half of the platforms refuse.
 */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(EMOJI, (found) => /^[©®™]/u.exec(found)?.[0] ?? '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[\p{Cf}\u2060\ufeff\ufe0e\ufe0f]/gu, '')
    .trim();
}
