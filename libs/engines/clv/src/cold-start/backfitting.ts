import type { CellSums } from './cell-sums.js';
import { believed, betweenVariance, type Ratio } from './credibility.js';
import type { Cells } from './factors.js';

/** How the customers of a level vary around what is expected of them. */
export interface Noise {
  /** Var = `poisson` · μ + μ²/`shape`. */
  readonly poisson: 0 | 1;
  readonly shape: number;
  /** A level with fewer of them is left out. */
  readonly minCustomers: number;
}

/** What was learned of one level. */
export interface LevelEffect {
  readonly multiplier: number;
  /** Actual over expected beside the other factors' multipliers; null where too few were observed. */
  readonly raw: number | null;
}

const MAX_SWEEPS = 100;
const TOLERANCE = 1e-7;
const NO_EFFECT: LevelEffect = { multiplier: 1, raw: null };

/**
 * One multiplier per level of each factor: factor by factor, each is learned on expectations that hold the multipliers
 * of all the others (backfitting: Hastie, Tibshirani 1990), so that what two attributes have in common counts once.
 */
export function backfit(cells: Cells, sums: CellSums, noise: Noise): LevelEffect[][] {
  const effects = cells.factors.map(({ levels }) => levels.map(() => NO_EFFECT));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let change = 0;
    effects.forEach((before, factor) => {
      const after = effectsOf(ratiosOf({ cells, sums, noise }, effects, factor));
      after.forEach(({ multiplier }, level) => {
        change = Math.max(change, Math.abs(multiplier - (before[level]?.multiplier ?? 1)));
      });
      effects[factor] = after;
    });
    if (change < TOLERANCE) break;
  }
  return effects;
}

function effectsOf(ratios: readonly (Ratio | undefined)[]): LevelEffect[] {
  const tau2 = betweenVariance(ratios.filter((ratio) => ratio !== undefined));
  return ratios.map((ratio) =>
    ratio === undefined ? NO_EFFECT : { multiplier: believed(ratio, tau2), raw: ratio.ratio },
  );
}

interface Learning {
  readonly cells: Cells;
  readonly sums: CellSums;
  readonly noise: Noise;
}

/** Sums over the customers of a level, expectations times the other factors' multipliers. */
class LevelSums {
  private customers = 0;
  private actual = 0;
  private expected = 0;
  private actualSquared = 0;
  private product = 0;
  private expectedSquared = 0;

  add(sums: CellSums, cell: number, factor: number): void {
    this.customers += sums.customers[cell] ?? 0;
    this.actual += sums.actual[cell] ?? 0;
    this.expected += factor * (sums.expected[cell] ?? 0);
    this.actualSquared += sums.actualSquared[cell] ?? 0;
    this.product += factor * (sums.product[cell] ?? 0);
    this.expectedSquared += factor * factor * (sums.expectedSquared[cell] ?? 0);
  }

  /**
   * The ratio with the greater of two variances: of customers who vary as all do, and of these as they did. The second
   * keeps a level from being judged by one extreme customer.
   */
  ratio({ poisson, shape, minCustomers }: Noise): Ratio | undefined {
    const { customers, actual, expected, expectedSquared } = this;
    if (customers < minCustomers || !(expected > 0)) return undefined;
    const ratio = actual / expected;
    const residual =
      this.actualSquared - 2 * ratio * this.product + ratio * ratio * expectedSquared;
    const ofAll = poisson * expected + expectedSquared / shape;
    const own = (Math.max(0, residual) * customers) / (customers - 1);
    return { ratio, variance: Math.max(ofAll, own) / (expected * expected) };
  }
}

function ratiosOf(
  { cells, sums, noise }: Learning,
  effects: readonly (readonly LevelEffect[])[],
  factor: number,
): (Ratio | undefined)[] {
  const levels = cells.factors[factor]?.levels.map(() => new LevelSums()) ?? [];
  cells.levels.forEach((own, cell) => {
    let others = 1;
    own.forEach((level, k) => {
      if (k !== factor) others *= effects[k]?.[level]?.multiplier ?? 1;
    });
    levels[own[factor] ?? -1]?.add(sums, cell, others);
  });
  return levels.map((level) => level.ratio(noise));
}
