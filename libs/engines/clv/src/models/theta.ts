/** Two parameters by position: Array.from of a typed array would cost more than most formulas. */
export function two(theta: ArrayLike<number>): readonly [number, number] {
  return [theta[0] ?? NaN, theta[1] ?? NaN];
}

/** Four parameters by position. */
export function four(theta: ArrayLike<number>): readonly [number, number, number, number] {
  return [theta[0] ?? NaN, theta[1] ?? NaN, theta[2] ?? NaN, theta[3] ?? NaN];
}
