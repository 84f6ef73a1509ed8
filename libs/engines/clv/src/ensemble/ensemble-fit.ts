import type { PurchaseLog } from '../purchase-log.js';
import { DAYS_PER_UNIT, type TimeUnit } from '../time-unit.js';
import { arithmeticBlend, expectations, geometricBlend } from './blend.js';
import { learnDispersion } from './dispersion.js';
import type { EnsembleModel, Shock } from './ensemble-model.js';
import { rounded } from './member.js';
import { OperationalTime } from './operational-time.js';
import { earlierOrigins, windowDaysOf } from './origins.js';
import { learnSeason } from './season.js';
import { levelErrors, stack, type Stacking } from './stacking.js';
import { fitMembers, type Members } from './tempo-fit.js';
import { weightedRows } from './timed-rows.js';

/** How an ensemble is fitted. */
export interface EnsembleOptions {
  /** @default week */
  readonly timeUnit?: TimeUnit;
}

/** A quarter's total is off by about 10 % before anything is known, with the weight of four quarters. */
const SHOCK_PRIOR = { scale: 0.1, quarters: 4 };
/** Horizons, in windows, at which the blend's total is set. */
const LEVEL_WINDOWS = [0.5, 1, 2, 4, 8];

/**
 * Fits the ensemble to everything the log holds. Whatever it learns about errors it learns from the log itself: by
 * fitting again at earlier days and comparing with what came then. Deterministic: equal logs give equal bits.
 * @throws clv_not_enough_data
 */
export function fitEnsemble(log: PurchaseLog, options: EnsembleOptions = {}): EnsembleModel {
  const { timeUnit = 'week' } = options;
  const members = fitMembers(log, timeUnit);
  const origins = earlierOrigins(log, timeUnit);
  const windowDays = windowDaysOf(log);
  const stacking = stack(origins);
  const { weights } = stacking;
  const { anchors } = members;
  const season = learnSeason(log, { anchors, weights, timeUnit, burnInDays: windowDays });
  return {
    kind: 'ensemble',
    timeUnit,
    calibrationDay: log.endDay,
    customers: log.customerIds.length,
    anchors: anchors.map(({ model }) => model),
    paced: members.paced.map(({ model }) => model),
    tempo: members.tempo,
    weights: weights.map((weight) => rounded(weight)),
    slope: rounded(stacking.slope),
    windowDays,
    origins: origins.length,
    levels: levelsOf(log, members, { stacking, windowDays, timeUnit }),
    season: { level: rounded(season.level), index: season.index.map((value) => rounded(value, 4)) },
    shock: shockOf(levelErrors(origins, weights)),
    dispersion: rounded(learnDispersion(origins, stacking), 4),
  };
}

/**
 * Posterior of the variance of a normal with known mean 0: (ν₀σ₀² + Σe²)/(ν₀ + n) with ν₀ + n degrees of freedom, so
 * the next error is a Student t (Gelman et al. 2013, Bayesian Data Analysis, ch. 2.6).
 */
function shockOf(logErrors: readonly number[]): Shock {
  const degreesOfFreedom = SHOCK_PRIOR.quarters + logErrors.length;
  const squares = logErrors.reduce((sum, error) => sum + error * error, 0);
  const prior = SHOCK_PRIOR.quarters * SHOCK_PRIOR.scale ** 2;
  return { scale: rounded(Math.sqrt((prior + squares) / degreesOfFreedom)), degreesOfFreedom };
}

interface LevelOptions {
  readonly stacking: Stacking;
  readonly windowDays: number;
  readonly timeUnit: TimeUnit;
}

function levelsOf(log: PurchaseLog, { anchors, paced, tempo }: Members, options: LevelOptions) {
  const { stacking, windowDays, timeUnit } = options;
  const { weights, slope } = stacking;
  const rows = weightedRows(log, new OperationalTime(tempo), timeUnit);
  const inUnits = (days: number): number => days / DAYS_PER_UNIT[timeUnit];
  const tilts = rows.map(
    ({ paced: row }) =>
      geometricBlend(expectations(paced, row, inUnits(windowDays)), weights) ** (slope - 1),
  );
  let before = [0, 0];
  return LEVEL_WINDOWS.map((windows) => {
    const days = windows * windowDays;
    let [wanted, blended] = [0, 0];
    rows.forEach((row, i) => {
      const { calendar, customers } = row;
      const anchored = expectations(anchors, calendar, inUnits(days));
      const each = geometricBlend(expectations(paced, row.paced, inUnits(days)), weights);
      wanted += customers * arithmeticBlend(anchored, weights);
      blended += customers * each * (tilts[i] ?? 1);
    });
    const [wantedBefore = 0, blendedBefore = 0] = before;
    before = [wanted, blended];
    return [days, rounded((wanted - wantedBefore) / (blended - blendedBefore))] as const;
  });
}
