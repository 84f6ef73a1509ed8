import { SALIENCY_SIDE } from './saliency-graph.js';

/** Largest difference to the reference that a provider may show. */
const TOLERANCE = 2e-3;

/** A grey picture with one bright square, and where its map must peak. */
export const SELF_TEST_IMAGE: Float32Array = testImage();

function testImage(): Float32Array {
  const n = SALIENCY_SIDE;
  const image = new Float32Array(3 * n * n).fill(0.5);
  for (let c = 0; c < 3; c++) {
    for (let y = 30; y < 42; y++) for (let x = 56; x < 68; x++) image[(c * n + y) * n + x] = 1;
  }
  return image;
}

/**
 * Why a provider's answer to the test picture cannot be trusted, or undefined: it must be finite, within
 * 0..1, peak in the square, and equal the CPU's answer where there is one.
 */
export function selfTestFault(map: Float32Array, reference?: Float32Array): string | undefined {
  const n = SALIENCY_SIDE;
  if (map.length !== n * n) return `the map has ${map.length} values`;
  if (!map.every((value) => value >= 0 && value <= 1 + TOLERANCE)) return 'values outside 0..1';
  const peak = map.reduce((best, value, i) => (value > (map[best] ?? 0) ? i : best), 0);
  const [x, y] = [peak % n, Math.floor(peak / n)];
  if (x < 52 || x > 72 || y < 26 || y > 46) return `the peak is at ${x}, ${y}`;
  const worst = map.reduce(
    (m, value, i) => Math.max(m, Math.abs(value - (reference?.[i] ?? value))),
    0,
  );
  return worst > TOLERANCE ? `differs from the CPU by ${worst.toExponential(1)}` : undefined;
}
