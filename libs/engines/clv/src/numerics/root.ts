const { abs, max, sqrt } = Math;

const STEPS = 60;

/**
 * Where a rising function is 0 between `low` and `high`, to `accuracy` (absolute), by Ridders' method (1979, IEEE
 * Transactions on Circuits and Systems 26): at least a halving per step, so that steps in the function do no harm. The
 * nearer end where there is no such place.
 */
export function rootBetween(
  f: (x: number) => number,
  low: number,
  high: number,
  accuracy = 1e-12,
): number {
  let [a, b, fa, fb] = [low, high, f(low), f(high)];
  if (fa >= 0) return a;
  if (fb <= 0) return b;
  for (let step = 0; step < STEPS && b - a > accuracy * max(1, abs(a)); step++) {
    const middle = (a + b) / 2;
    const fm = f(middle);
    if (fm === 0) return middle;
    const x = middle - ((middle - a) * fm) / sqrt(fm * fm - fa * fb);
    const fx = f(x);
    if (fx === 0) return x;
    const [left, fl, right, fr] = x < middle ? [x, fx, middle, fm] : [middle, fm, x, fx];
    if (fl > 0) [b, fb] = [left, fl];
    else if (fr < 0) [a, fa] = [right, fr];
    else [a, fa, b, fb] = [left, fl, right, fr];
  }
  return (a + b) / 2;
}
