/** Side of the grey picture that is hashed. */
export const HASH_SIDE = 32;

const KEPT = 8;

/** One-dimensional DCT-II, first `KEPT` coefficients. */
function dct(values: readonly number[]): number[] {
  const n = values.length;
  return Array.from({ length: KEPT }, (_, k) =>
    values.reduce(
      (sum, value, i) => sum + value * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * n)),
      0,
    ),
  );
}

/**
 * Perceptual hash of a 32 × 32 grey picture, 16 hex digits: signs of the 8 × 8 lowest DCT coefficients
 * against their median (Zauner 2010, section 3.2.1; the constant term stays out of the median).
 */
export function perceptualHash(grey: Uint8Array): string {
  const rows = Array.from({ length: HASH_SIDE }, (_, y) =>
    dct([...grey.subarray(y * HASH_SIDE, (y + 1) * HASH_SIDE)]),
  );
  const low: number[] = [];
  const columns = Array.from({ length: KEPT }, (_, x) => dct(rows.map((row) => row[x] ?? 0)));
  for (let y = 0; y < KEPT; y++) for (let x = 0; x < KEPT; x++) low.push(columns[x]?.[y] ?? 0);
  const sorted = low.slice(1).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  const bits = low.map((value) => (value > median ? '1' : '0')).join('');
  return BigInt(`0b${bits}`).toString(16).padStart(16, '0');
}

/** Number of differing bits of two hashes, 0 to 64. */
export function hashDistance(a: string, b: string): number {
  const difference = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  return [...difference.toString(2)].filter((bit) => bit === '1').length;
}
