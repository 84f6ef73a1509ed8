import type { PurchaseModel } from '../purchase-fit.js';
import type { EnsembleModel } from './ensemble-model.js';
import { memberOf } from './member.js';
import { evenTempo } from './operational-time.js';
import { NO_SEASON } from './season.js';

/** Nothing is recalibrated, so that it may be any. */
const WINDOW_DAYS = 91;

/**
 * A fitted model in the ensemble's clothes: no tempo, no recalibration, no season, no shock, so that its forecasts are
 * its own and its intervals know the process and the parameters only.
 * @param calibrationDay last day that the fit saw, days since 1970-01-01
 */
export function dressed(
  model: PurchaseModel,
  calibrationDay: number,
  windowDays: number = WINDOW_DAYS,
): EnsembleModel {
  const member = memberOf(model, true);
  return {
    kind: 'ensemble',
    timeUnit: model.timeUnit,
    calibrationDay,
    customers: model.customers,
    anchors: [member],
    paced: [{ kind: member.kind, theta: member.theta }],
    tempo: evenTempo(calibrationDay, calibrationDay, 1),
    weights: [1],
    slope: 1,
    windowDays,
    origins: 0,
    levels: [[windowDays, 1]],
    season: NO_SEASON,
    shock: { scale: 0, degreesOfFreedom: 10_000 },
  };
}
