// Bound once: a look-up of a global per call is what these loops would mostly do under a test runner.
const { exp, log, log1p } = Math;

const HALF_LOG_TWO_PI = 0.918938533204672741780329736406;

/** log Γ(x) for x > 0: Stirling's series after shifting x to at least 10 (absolute error about 1e-14). */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square *
        (1 / 360 -
          square *
            (1 / 1260 -
              square * (1 / 1680 - square * (1 / 1188 - square * (691 / 360360 - square / 156))))));
  return (shifted - 0.5) * log(shifted) - shifted + HALF_LOG_TWO_PI + series - log(product);
}

/** ψ(x), the derivative of log Γ, for x > 0. */
export function digamma(x: number): number {
  let shifted = x;
  let sum = 0;
  while (shifted < 10) {
    sum -= 1 / shifted;
    shifted += 1;
  }
  const square = 1 / (shifted * shifted);
  const series =
    square *
    (1 / 12 -
      square *
        (1 / 120 -
          square *
            (1 / 252 -
              square * (1 / 240 - square * (1 / 132 - square * (691 / 32760 - square / 12))))));
  return sum + log(shifted) - 0.5 / shifted - series;
}

/** log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** log(Γ(a + n) / Γ(a)) for whole n ≥ 0, by a product where that is exact and short. */
export function logRising(a: number, n: number): number {
  if (n > 20) return logGamma(a + n) - logGamma(a);
  let product = 1;
  for (let k = 0; k < n; k++) product *= a + k;
  return log(product);
}

/** log(1 + e^u) without overflow. */
export function softplus(u: number): number {
  return u > 0 ? u + log1p(exp(-u)) : log1p(exp(u));
}

/** 1 / (1 + e^−u) without overflow. */
export function sigmoid(u: number): number {
  if (u >= 0) return 1 / (1 + exp(-u));
  const e = exp(u);
  return e / (1 + e);
}
