import { hexFromRgb8 } from '../color.js';
import type { Format } from '../format.js';
import { contains, inset, type Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { findBrandColor } from './brand-color.js';
import { skipped, verdict, type CheckResult } from './check.js';
import { describeContrast, measureContrast } from './contrast.js';
import { inkOutside } from './overflow.js';
import type { Pixels } from './pixels.js';

/** WCAG 2.2 level AA for text of any size. */
export const LEAST_CONTRAST = 4.5;
/** Part of the picture that the brand's colour must fill, 0 to 1. */
export const LEAST_BRAND_SHARE = 0.004;
/** CIEDE2000 within which a colour counts as the brand's. */
export const MOST_DELTA_E = 3;
/** Part of a strip beside a text that may have the text's colour. */
const MOST_INK = 0.03;

const NO_LAYOUT = 'Where the texts stand is known only for creatives that SyncCreate made.';

/** Contrast of every text, measured on the pixels; the worst counts. */
export function checkContrast(
  pixels: Pixels,
  blocks: readonly TextBlock[] | undefined,
): CheckResult {
  const expected = `at least ${LEAST_CONTRAST}:1 (WCAG 2.2 AA)`;
  if (blocks === undefined) return skipped('contrast', expected, NO_LAYOUT);
  const all = blocks.map((block) => ({ block, contrast: measureContrast(pixels, block) }));
  const [worst] = all.sort((a, b) => a.contrast.ratio - b.contrast.ratio);
  if (!worst) return skipped('contrast', expected, 'The picture has no text.');
  const { block, contrast } = worst;
  return verdict('contrast', contrast.ratio >= LEAST_CONTRAST, {
    measured: `${contrast.ratio.toFixed(2)}:1 (${block.role}, ${describeContrast(contrast)})`,
    expected,
    advice: `Make "${block.text.slice(0, 60)}" darker or lighter than what it stands on.`,
    box: block.box,
  });
}

/** Whether the brand's first colour is in the picture. */
export function checkBrandColor(pixels: Pixels, colors: readonly string[]): CheckResult {
  const expected = `ΔE00 ≤ ${MOST_DELTA_E} on at least ${LEAST_BRAND_SHARE * 100} % of the picture`;
  const [primary] = colors;
  if (primary === undefined) {
    return skipped('brand_color', expected, 'The request names no brand colour.');
  }
  const { deltaE, nearest, share } = findBrandColor(pixels, primary, LEAST_BRAND_SHARE / 4);
  const percent = (100 * share).toFixed(1);
  return verdict('brand_color', share >= LEAST_BRAND_SHARE, {
    measured: `${percent} % within; nearest ${hexFromRgb8(nearest)} at ΔE00 ${deltaE.toFixed(1)}`,
    expected,
    advice: `Use ${primary} for a field, a button or the mark.`,
  });
}

/** Whether a text leaves its box, by the pixels beside it. */
export function checkOverflow(
  pixels: Pixels,
  blocks: readonly TextBlock[] | undefined,
  photo: Box | undefined,
): CheckResult {
  const expected = `at most ${MOST_INK * 100} % ink beside a text`;
  if (blocks === undefined) return skipped('text_overflow', expected, NO_LAYOUT);
  // The mark is a letter inside its badge, which ends where the strips would be.
  const all = blocks
    .filter(({ role }) => role !== 'mark')
    .map((block) => {
      const others = blocks.filter((other) => other !== block);
      const around = others.map(({ box, sizePx }) => inset(box, -1.2 * sizePx, -0.65 * sizePx));
      return { block, share: inkOutside(pixels, block, photo ? [...around, photo] : around) };
    });
  const [worst] = all.sort((a, b) => b.share - a.share);
  if (!worst) return skipped('text_overflow', expected, 'The picture has no text.');
  const { block, share } = worst;
  return verdict('text_overflow', share <= MOST_INK, {
    measured: `${(100 * share).toFixed(1)} % (${block.role})`,
    expected,
    advice: `Shorten "${block.text.slice(0, 60)}" or set it smaller.`,
    box: block.box,
  });
}

/** Whether every text stays clear of what the platform draws over the picture. */
export function checkSafeZone(
  format: Format,
  blocks: readonly TextBlock[] | undefined,
): CheckResult {
  const { x, y, width, height } = format.safeBox;
  const expected = `texts inside ${width} × ${height} at ${x}, ${y}`;
  if (blocks === undefined) return skipped('safe_zone', expected, NO_LAYOUT);
  const outside = blocks.filter((block) => !contains(format.safeBox, block.box, 1.5));
  const [first] = outside;
  return verdict('safe_zone', first === undefined, {
    measured:
      first === undefined ? 'all inside' : `${outside.map((b) => b.role).join(', ')} outside`,
    expected,
    advice: 'Move the text into the part of the picture that the platform leaves free.',
    ...(first ? { box: first.box } : {}),
  });
}
