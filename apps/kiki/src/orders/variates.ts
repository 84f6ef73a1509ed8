import type { Random } from '@kiki/kernel';

/** A uniform double in (0, 1). */
function open(random: Random): number {
  return (random.nextUint32() + 0.5) / 4_294_967_296;
}

/** Standard normal (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(open(random))) * Math.cos(2 * Math.PI * open(random));
}

/** Exponential with the given rate. */
export function exponential(random: Random, rate: number): number {
  return -Math.log(open(random)) / rate;
}

/** Gamma of a shape and a rate (Marsaglia and Tsang 2000; shapes below 1 by their boost). */
export function gamma(random: Random, shape: number, rate: number): number {
  if (shape < 1) return gamma(random, shape + 1, rate) * open(random) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(open(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return (d * v) / rate;
    }
  }
}

/** Beta, as a ratio of gammas. */
export function beta(random: Random, a: number, b: number): number {
  const x = gamma(random, a, 1);
  return x / (x + gamma(random, b, 1));
}
