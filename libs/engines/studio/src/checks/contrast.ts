import { hexFromRgb8, luminance, type Rgb8 } from '../color.js';
import type { Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { eachPixel, lumaOf, meanColor, type Pixels } from './pixels.js';

/** Contrast of a piece of text as it was measured on pixels. */
export interface MeasuredContrast {
  /** WCAG 2.2 ratio, 1 to 21; 1 when no text can be seen. */
  readonly ratio: number;
  /** Colours of the two sides, `#rrggbb`. */
  readonly text: Rgb8;
  readonly background: Rgb8;
}

/** Smallest part of a tile that its rarer side must fill to count as text. */
const LEAST_INK = 0.07;
/** Two sides that are nearer than this (luma levels) are one. */
const LEAST_STEP = 6;

/** Otsu's threshold (1979): the level that separates a histogram into its two most distinct classes. */
function otsu(histogram: readonly number[], total: number): number {
  const sum = histogram.reduce((s, count, level) => s + count * level, 0);
  let [below, sumBelow, best, threshold] = [0, 0, 0, 0];
  histogram.forEach((count, level) => {
    below += count;
    sumBelow += count * level;
    const above = total - below;
    if (below === 0 || above === 0) return;
    const step = sumBelow / below - (sum - sumBelow) / above;
    const variance = below * above * step * step;
    if (variance > best) [best, threshold] = [variance, level];
  });
  return threshold;
}

/** The half of a class that lies farther from the other one: free of the edges' mixed colours. */
function coreOf(colors: Rgb8[], isDark: boolean): Rgb8 {
  colors.sort((a, b) => (isDark ? 1 : -1) * (lumaOf(a) - lumaOf(b)));
  return meanColor(colors.slice(0, Math.max(1, colors.length >> 1)));
}

/** WCAG 2.2 contrast ratio of two 8-bit colours. */
export function contrastRgb(a: Rgb8, b: Rgb8): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

/** Splits a small region into text (the rarer side) and background; undefined when there is no text in it. */
function measureTile(pixels: Pixels, box: Box, step: number): MeasuredContrast | undefined {
  const colors: Rgb8[] = [];
  const histogram = new Array<number>(256).fill(0);
  eachPixel(
    pixels,
    box,
    (color) => {
      colors.push(color);
      const luma = lumaOf(color);
      histogram[luma] = (histogram[luma] ?? 0) + 1;
    },
    step,
  );
  const threshold = otsu(histogram, colors.length);
  const dark = colors.filter((color) => lumaOf(color) <= threshold);
  const light = colors.filter((color) => lumaOf(color) > threshold);
  if (Math.min(dark.length, light.length) < LEAST_INK * colors.length) return undefined;
  const [darkCore, lightCore] = [coreOf(dark, true), coreOf(light, false)];
  if (lumaOf(lightCore) - lumaOf(darkCore) < LEAST_STEP) return undefined;
  const isDarkText = dark.length <= light.length;
  return {
    ratio: contrastRgb(darkCore, lightCore),
    text: isDarkText ? darkCore : lightCore,
    background: isDarkText ? lightCore : darkCore,
  };
}

/**
 * Contrast of a text on the decoded picture: every line is cut into pieces about two characters wide, and the piece
 * that reads worst counts.
 */
export function measureContrast(pixels: Pixels, block: TextBlock): MeasuredContrast {
  // Strokes are about a sixth of the size wide: large letters need not be looked at pixel by pixel.
  const step = Math.max(1, Math.round(block.sizePx / 36));
  const tiles = block.lines.flatMap(({ box }) => {
    // Only the height that letters fill; ascenders and descenders are rare.
    const height = Math.min(box.height, block.sizePx * 0.8);
    const y = box.y + (box.height - height) / 2;
    const count = Math.max(1, Math.round(box.width / (block.sizePx * 1.4)));
    const width = box.width / count;
    return Array.from({ length: count }, (_, i) =>
      measureTile(pixels, { x: box.x + i * width, y, width, height }, step),
    );
  });
  const seen = tiles.filter((tile) => tile !== undefined).sort((a, b) => a.ratio - b.ratio);
  const none: Rgb8 = [0, 0, 0];
  return seen[0] ?? { ratio: 1, text: none, background: none };
}

/** `#text on #background`, for the evidence of a check. */
export function describeContrast({ text, background }: MeasuredContrast): string {
  return `${hexFromRgb8(text)} on ${hexFromRgb8(background)}`;
}
