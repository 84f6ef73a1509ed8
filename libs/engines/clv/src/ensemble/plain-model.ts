import { fitPurchases } from '../purchase-fit.js';
import type { RequestedKind } from '../models/purchase-kind.js';
import type { PurchaseLog } from '../purchase-log.js';
import type { TimeUnit } from '../time-unit.js';
import type { EnsembleModel } from './ensemble-model.js';
import { memberOf } from './member.js';
import { evenTempo } from './operational-time.js';
import { windowDaysOf } from './origins.js';
import { NO_SEASON } from './season.js';

/**
 * One published model in the ensemble's clothes: no tempo, no recalibration, no season, no shock, so that its
 * forecasts are its own and its intervals know the process and the parameters only. What an ensemble is compared with.
 * @throws clv_not_enough_data
 */
export function plainModel(
  log: PurchaseLog,
  kind: RequestedKind,
  timeUnit: TimeUnit = 'week',
): EnsembleModel {
  const member = memberOf(fitPurchases(log.table(timeUnit), kind).model, true);
  const windowDays = windowDaysOf(log);
  return {
    kind: 'ensemble',
    timeUnit,
    calibrationDay: log.endDay,
    customers: log.customerIds.length,
    anchors: [member],
    paced: [{ kind: member.kind, theta: member.theta }],
    tempo: evenTempo(log.endDay, log.endDay, 1),
    weights: [1],
    slope: 1,
    windowDays,
    origins: 0,
    levels: [[windowDays, 1]],
    season: NO_SEASON,
    shock: { scale: 0, degreesOfFreedom: 10_000 },
  };
}
