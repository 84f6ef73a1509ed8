import { rgb8 } from '../color.js';
import { boxOf, bottom, inset, intersect, right, type Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { eachPixel, rgbDistance, type Pixels } from './pixels.js';

/** Pixels nearer to the text's colour than this (RGB distance) are taken for ink. */
const INK_DISTANCE = 48;

function isInside(box: Box, x: number, y: number): boolean {
  return x >= box.x && y >= box.y && x < right(box) && y < bottom(box);
}

/** Strips just outside a text's box, beyond what accents and descenders may use. */
function strips({ box, sizePx }: TextBlock): Box[] {
  const near = inset(box, -0.12 * sizePx, -0.18 * sizePx);
  const far = inset(near, -Math.max(3, 0.08 * sizePx));
  return [
    boxOf(far.x, near.y, near.x, bottom(near)),
    boxOf(right(near), near.y, right(far), bottom(near)),
    boxOf(near.x, far.y, right(near), near.y),
    boxOf(near.x, bottom(near), right(near), bottom(far)),
  ];
}

/**
 * How much of the strip beside a text has the text's own colour, 0 to 1: ink that left its box. `others` (texts and
 * the photo) are left out of account.
 */
export function inkOutside(pixels: Pixels, block: TextBlock, others: readonly Box[]): number {
  const ink = rgb8(block.color);
  const page: Box = { x: 0, y: 0, width: pixels.width, height: pixels.height };
  const shares = strips(block).map((strip) => {
    const near = others.filter((box) => intersect(box, strip).width > 0);
    let [seen, inked] = [0, 0];
    eachPixel(pixels, intersect(strip, page), (color, x, y) => {
      if (near.some((box) => isInside(box, x, y))) return;
      seen++;
      if (rgbDistance(color, ink) < INK_DISTANCE) inked++;
    });
    return seen === 0 ? 0 : inked / seen;
  });
  return Math.max(...shares);
}
