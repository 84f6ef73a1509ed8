/** Coefficients B(2k) / (2k (2k−1)) of Stirling's series. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188] as const;
const HALF_LOG_TWO_PI = 0.9189385332046727;

/** ln Γ(x) for x > 0: Stirling's series above 10, the recurrence below; relative error under 1e-14. */
export function logGamma(x: number): number {
  let shifted = x;
  let correction = 0;
  while (shifted < 10) correction += Math.log(shifted++);
  const inverse = 1 / shifted;
  let series = 0;
  let power = inverse;
  for (const coefficient of STIRLING) {
    series += coefficient * power;
    power *= inverse * inverse;
  }
  return (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_TWO_PI + series - correction;
}
