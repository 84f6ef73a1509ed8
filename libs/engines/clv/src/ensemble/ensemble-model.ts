import type { TimeUnit } from '../time-unit.js';
import type { MemberModel } from './member.js';
import type { Tempo } from './operational-time.js';
import type { Season } from './season.js';

/** Everything the ensemble needs to forecast: plain data, structured-cloneable, JSON below 4 KB. */
export interface EnsembleModel {
  readonly kind: 'ensemble';
  readonly timeUnit: TimeUnit;
  /** Last day that the fit saw, days since 1970-01-01. */
  readonly calibrationDay: number;
  readonly customers: number;
  /** Fitted in calendar time: the level of a total, and the uncertainty of its parameters. */
  readonly anchors: readonly MemberModel[];
  /** Fitted in operational time: how customers differ. */
  readonly paced: readonly MemberModel[];
  readonly tempo: Tempo;
  /** Of the members, adding up to 1. */
  readonly weights: readonly number[];
  /** See {@link Stacking.slope}; applied to the expectation of `windowDays`. */
  readonly slope: number;
  readonly windowDays: number;
  /** Earlier origins that weights, slope and shock were learned on. */
  readonly origins: number;
  /**
   * Σ anchors / Σ blend of what is expected since the horizon before, by horizon in days, ascending: gives the blend
   * the anchors' total at each of them.
   */
  readonly levels: readonly (readonly [days: number, factor: number])[];
  readonly season: Season;
  readonly shock: Shock;
  /** Variance of a factor on each customer's rate, see `learnDispersion`; none where it is absent. */
  readonly dispersion?: number;
}

/** How far a whole period may be off: log total error / scale ~ Student t. */
export interface Shock {
  /** Standard deviation on the log scale, as estimated. */
  readonly scale: number;
  readonly degreesOfFreedom: number;
}
