import { deltaE00Rgb, rgb8, type Rgb8 } from '../color.js';
import { rgbDistance, type Pixels } from './pixels.js';

/** How a brand colour is found in a picture. */
export interface BrandColorMatch {
  /** CIEDE2000 from the brand colour to the nearest colour that fills at least `leastShare`. */
  readonly deltaE: number;
  readonly nearest: Rgb8;
  /** Part of the picture within ΔE00 ≤ 3 of the brand colour, 0 to 1. */
  readonly share: number;
}

const BINS = 32 * 32 * 32;

/** Colours of a picture in bins of 8 levels per channel, with their means. */
function binsOf({ data }: Pixels): { color: Rgb8; count: number }[] {
  const sums = new Float64Array(BINS * 4);
  for (let i = 0; i + 2 < data.length; i += 3) {
    const [r, g, b] = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
    const at = 4 * (((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3));
    sums[at] = (sums[at] ?? 0) + r;
    sums[at + 1] = (sums[at + 1] ?? 0) + g;
    sums[at + 2] = (sums[at + 2] ?? 0) + b;
    sums[at + 3] = (sums[at + 3] ?? 0) + 1;
  }
  const bins: { color: Rgb8; count: number }[] = [];
  for (let at = 0; at < sums.length; at += 4) {
    const [r = 0, g = 0, b = 0, count = 0] = sums.subarray(at, at + 4);
    if (count === 0) continue;
    bins.push({
      color: [Math.round(r / count), Math.round(g / count), Math.round(b / count)],
      count,
    });
  }
  return bins;
}

/** Looks for a brand colour (`#rrggbb`) in a decoded picture. */
export function findBrandColor(pixels: Pixels, hex: string, leastShare: number): BrandColorMatch {
  const wanted = rgb8(hex);
  const total = pixels.width * pixels.height;
  let [deltaE, nearest, share] = [Infinity, [0, 0, 0] as Rgb8, 0];
  for (const { color, count } of binsOf(pixels)) {
    // Farther away in RGB than any ΔE00 of interest: not worth the formula.
    if (rgbDistance(color, wanted) > 140 && deltaE < 20) continue;
    const difference = deltaE00Rgb(color, wanted);
    if (difference <= 3) share += count / total;
    if (count / total >= leastShare && difference < deltaE) [deltaE, nearest] = [difference, color];
  }
  return { deltaE, nearest, share };
}
