/** Goal: crops hold what matters. Method: maps with one bright spot, and the whole picture's weight shared out. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bestCrop, shareInside, type SaliencyMap } from './saliency-map.js';

function spotAt(x: number, y: number): SaliencyMap {
  const side = 20;
  const values = new Float32Array(side * side).fill(0.05);
  values[y * side + x] = 1;
  return { side, values };
}

describe('bestCrop', () => {
  it.each([
    ['left', 1, 10, { x: 0, y: 0 }],
    ['right', 18, 10, { x: 500, y: 0 }],
  ])('of a wide picture holds the spot on the %s', (_name, x, y, corner) => {
    const crop = bestCrop(spotAt(x, y), { width: 1000, height: 500 }, 1);
    expect(crop).toMatchObject({ width: 500, height: 500 });
    const inside = (x + 0.5) * 50 >= crop.x && (x + 0.5) * 50 <= crop.x + crop.width;
    expect(inside).toBe(true);
    expect(Math.abs(crop.x - corner.x)).toBeLessThanOrEqual(400);
  });

  it('stays in the middle when nothing matters more', () => {
    const even = { side: 20, values: new Float32Array(400).fill(0.5) };
    expect(bestCrop(even, { width: 1000, height: 500 }, 1)).toEqual({
      x: 250,
      y: 0,
      width: 500,
      height: 500,
    });
  });

  it('always lies inside and has the proportions asked for', () => {
    const size = fc.integer({ min: 20, max: 4000 });
    fc.assert(
      fc.property(
        size,
        size,
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.nat(19),
        fc.nat(19),
        (width, height, ratio, x, y) => {
          const crop = bestCrop(spotAt(x, y), { width, height }, ratio);
          expect(crop.x >= 0 && crop.y >= 0).toBe(true);
          expect(crop.x + crop.width <= width && crop.y + crop.height <= height).toBe(true);
          expect(Math.abs(crop.width - crop.height * ratio)).toBeLessThanOrEqual(1 + ratio);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('shareInside', () => {
  it('is everything for the whole picture and nothing for none of it', () => {
    const map = spotAt(3, 4);
    const size = { width: 200, height: 200 };
    expect(shareInside(map, [{ x: 0, y: 0, ...size }], size)).toBeCloseTo(1, 6);
    expect(shareInside(map, [], size)).toBe(0);
    const around = { x: 30, y: 40, width: 10, height: 10 };
    expect(shareInside(map, [around], size)).toBeCloseTo(1 / (1 + 399 * 0.05), 5);
  });
});
