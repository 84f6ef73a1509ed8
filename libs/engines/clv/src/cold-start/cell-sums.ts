import type { Cells } from './factors.js';

/** What was observed of each customer, and what was expected of them; an expectation of 0: not observed. */
export interface Observations {
  readonly actual: Float64Array;
  readonly expected: Float64Array;
}

/** Sums over the customers of one cell. */
export interface CellSums {
  readonly customers: Float64Array;
  readonly actual: Float64Array;
  readonly expected: Float64Array;
  readonly actualSquared: Float64Array;
  readonly product: Float64Array;
  readonly expectedSquared: Float64Array;
}

/** Bits of the greatest summand that are kept: sums of 2^25 of them are exact, so that no order can matter. */
const BITS = 28;

/**
 * Sums per cell, the same bits in whatever order customers come; expectations are scaled so that all of them together
 * are what happened: the level is the model's affair.
 */
export function cellSums(cells: Cells, { actual, expected }: Observations): CellSums {
  const size = cells.levels.length;
  const isSeen = expected.map((value) => (value > 0 ? 1 : 0));
  const seen = actual.map((value, i) => (isSeen[i] === 1 ? value : 0));
  const summed = (values: Float64Array): Float64Array => {
    const unit = unitOf(values);
    const sums = new Float64Array(size);
    for (let i = 0; i < values.length; i++) {
      const cell = cells.cellOf[i] ?? 0;
      sums[cell] = (sums[cell] ?? 0) + Math.round((values[i] ?? 0) / unit) * unit;
    }
    return sums;
  };
  const [actuals, expectations] = [summed(seen), summed(expected)];
  const scale = total(actuals) / total(expectations);
  return {
    customers: summed(isSeen),
    actual: actuals,
    expected: expectations.map((value) => value * scale),
    actualSquared: summed(seen.map((value) => value * value)),
    product: summed(seen.map((value, i) => value * (expected[i] ?? 0))).map((v) => v * scale),
    expectedSquared: summed(expected.map((value) => value * value)).map((v) => v * scale * scale),
  };
}

/** Actual over expected of all customers together. */
export function overallRatio({ actual, expected }: Observations): number {
  const sum = (values: Float64Array): number => {
    const unit = unitOf(values);
    return values.reduce((all, value) => all + Math.round(value / unit), 0) * unit;
  };
  return sum(actual.map((value, i) => ((expected[i] ?? 0) > 0 ? value : 0))) / sum(expected);
}

/** A power of two, so that multiples of it are exact. */
function unitOf(values: Float64Array): number {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  return greatest > 0 ? 2 ** (Math.ceil(Math.log2(greatest)) - BITS) : 1;
}

/** In the order of the cells, which is no order of customers. */
function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
