import { hexFromRgb8, luminance, type Rgb8 } from '../color.js';
import type { Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { eachPixel, lumaOf, type Pixels } from './pixels.js';

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

/** Pixels of a region by brightness: how many there are of each level, and the sums of their channels. */
interface Levels {
  readonly counts: Float64Array;
  readonly sums: readonly [Float64Array, Float64Array, Float64Array];
}

function levelsOf(pixels: Pixels, box: Box, step: number): Levels {
  const fresh = (): Float64Array => new Float64Array(256);
  const levels: Levels = { counts: fresh(), sums: [fresh(), fresh(), fresh()] };
  const { counts, sums } = levels;
  eachPixel(
    pixels,
    box,
    (color) => {
      const luma = lumaOf(color);
      counts[luma] = (counts[luma] ?? 0) + 1;
      sums.forEach((sum, c) => (sum[luma] = (sum[luma] ?? 0) + (color[c] ?? 0)));
    },
    step,
  );
  return levels;
}

/** Otsu's threshold (1979): the level that separates a histogram into its two most distinct classes. */
function otsu(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const sum = counts.reduce((s, count, level) => s + count * level, 0);
  let [below, sumBelow, best, threshold] = [0, 0, 0, 0];
  counts.forEach((count, level) => {
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

/** One side of a region. */
interface Side {
  readonly count: number;
  /** Mean of the half that lies farther from the other side: free of the edges' mixed colours. */
  readonly core: Rgb8;
}

/** The pixels of some levels, given from the outermost inward. */
function sideOf({ counts, sums }: Levels, levels: readonly number[]): Side {
  const count = levels.reduce((sum, level) => sum + (counts[level] ?? 0), 0);
  let taken = 0;
  const total = [0, 0, 0];
  for (const level of levels) {
    if (taken >= count / 2) break;
    taken += counts[level] ?? 0;
    sums.forEach((channel, c) => (total[c] = (total[c] ?? 0) + (channel[level] ?? 0)));
  }
  const [r = 0, g = 0, b = 0] = total.map((value) => Math.round(value / Math.max(1, taken)));
  return { count, core: [r, g, b] };
}

/** WCAG 2.2 contrast ratio of two 8-bit colours. */
export function contrastRgb(a: Rgb8, b: Rgb8): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

/** Splits a small region into text (the rarer side) and background; undefined when there is no text in it. */
function measureTile(pixels: Pixels, box: Box, step: number): MeasuredContrast | undefined {
  const levels = levelsOf(pixels, box, step);
  const threshold = otsu(levels.counts);
  const all = Array.from({ length: 256 }, (_, level) => level);
  const dark = sideOf(levels, all.slice(0, threshold + 1));
  const light = sideOf(levels, all.slice(threshold + 1).reverse());
  const [few, many] = dark.count <= light.count ? [dark, light] : [light, dark];
  if (few.count < LEAST_INK * (few.count + many.count)) return undefined;
  if (lumaOf(light.core) - lumaOf(dark.core) < LEAST_STEP) return undefined;
  const ratio = contrastRgb(few.core, many.core);
  return { ratio, text: few.core, background: many.core };
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
