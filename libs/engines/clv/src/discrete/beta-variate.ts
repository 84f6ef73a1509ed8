import type { Random } from '@kiki/kernel';

/** A uniform double in (0, 1). */
function open(random: Random): number {
  return (random.nextUint32() + 0.5) / 4_294_967_296;
}

/** log of a gamma(shape, 1) variate (Marsaglia, Tsang 2000; shapes below 1 by their boost, in logs). */
function logGammaVariate(random: Random, shape: number): number {
  if (shape < 1) return logGammaVariate(random, shape + 1) + Math.log(open(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(open(random))) * Math.cos(2 * Math.PI * open(random));
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(open(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return Math.log(d * v);
    }
  }
}

/** A beta(a, b) variate as a ratio of gammas, taken in logs so that tiny shapes do not underflow. */
export function betaVariate(random: Random, a: number, b: number): number {
  return 1 / (1 + Math.exp(logGammaVariate(random, b) - logGammaVariate(random, a)));
}
