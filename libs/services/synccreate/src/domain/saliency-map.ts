import type { Box } from '@kiki/studio';

/**
 * Where the eye goes in a picture: a square grid of weights that covers all of it, 0 to 1, rows from the
 * top.
 */
export interface SaliencyMap {
  readonly side: number;
  readonly values: Float32Array;
}

/** Part of the whole weight that lies inside the boxes of a `width` × `height` picture, 0 to 1. */
export function shareInside(
  { side, values }: SaliencyMap,
  boxes: readonly Box[],
  size: { readonly width: number; readonly height: number },
): number {
  let [inside, total] = [0, 0];
  values.forEach((value, i) => {
    const x = (((i % side) + 0.5) / side) * size.width;
    const y = ((Math.floor(i / side) + 0.5) / side) * size.height;
    total += value;
    const isIn = boxes.some(
      (box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
    );
    if (isIn) inside += value;
  });
  return total === 0 ? 0 : inside / total;
}

/** Sums of all rows and columns up to each point, so that any rectangle costs four look-ups. */
function integral({
  side,
  values,
}: SaliencyMap): (x0: number, y0: number, x1: number, y1: number) => number {
  const stride = side + 1;
  const sums = new Float64Array(stride * stride);
  for (let y = 1; y <= side; y++) {
    for (let x = 1; x <= side; x++) {
      // Squared: a small strong subject outweighs a large faint texture.
      const value = (values[(y - 1) * side + x - 1] ?? 0) ** 2;
      const above = (sums[(y - 1) * stride + x] ?? 0) + (sums[y * stride + x - 1] ?? 0);
      sums[y * stride + x] = value + above - (sums[(y - 1) * stride + x - 1] ?? 0);
    }
  }
  const at = (x: number, y: number): number => sums[y * stride + x] ?? 0;
  return (x0, y0, x1, y1) => at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0);
}

/**
 * The largest crop of a picture with the wanted proportions that holds the most weight; of equals, the one
 * nearest to the middle.
 * @param size of the picture, pixels
 * @param ratio width divided by height
 */
export function bestCrop(
  map: SaliencyMap,
  size: { readonly width: number; readonly height: number },
  ratio: number,
): Box {
  const width = Math.max(1, Math.min(size.width, Math.round(size.height * ratio)));
  const height = Math.max(1, Math.min(size.height, Math.round(size.width / ratio)));
  const sum = integral(map);
  const [spareX, spareY] = [size.width - width, size.height - height];
  const cells = (pixels: number, whole: number): number => Math.round((pixels / whole) * map.side);
  let best = { x: spareX / 2, y: spareY / 2, weight: -1 };
  for (const t of STEPS) {
    const [x, y] = [spareX * t, spareY * t];
    const weight = sum(
      cells(x, size.width),
      cells(y, size.height),
      cells(x + width, size.width),
      cells(y + height, size.height),
    );
    if (weight > best.weight * (1 + 1e-9)) best = { x, y, weight };
  }
  return { x: Math.round(best.x), y: Math.round(best.y), width, height };
}

/** Positions from the middle outward: 0.5, 0.48, 0.52, … 0, 1. */
const STEPS = Array.from(
  { length: 51 },
  (_, i) => 0.5 + (i % 2 === 0 ? 1 : -1) * Math.ceil(i / 2) * 0.02,
);
