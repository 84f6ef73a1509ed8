import type { Rgb8 } from '../color.js';
import { toPixels, type Box } from '../geometry.js';

/** A decoded picture: RGB, 8 bits, rows from the top, without padding. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Colour of one pixel. */
export function pixelAt({ width, data }: Pixels, x: number, y: number): Rgb8 {
  const at = 3 * (y * width + x);
  return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
}

/** Calls `visit` for every (or every `step`th) pixel of a box, as far as it lies inside the picture. */
export function eachPixel(
  pixels: Pixels,
  box: Box,
  visit: (color: Rgb8, x: number, y: number) => void,
  step = 1,
): void {
  const area = toPixels(box, pixels.width, pixels.height);
  for (let y = area.y; y < area.y + area.height; y += step) {
    for (let x = area.x; x < area.x + area.width; x += step) visit(pixelAt(pixels, x, y), x, y);
  }
}

/** Brightness as the eye orders greys, 0 to 255 (Rec. 601 luma); for splitting, not for contrast. */
export function lumaOf([r, g, b]: Rgb8): number {
  return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
}

/** Euclidean distance in RGB. */
export function rgbDistance(a: Rgb8, b: Rgb8): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
