import { fitPurchases } from '../purchase-fit.js';
import type { RequestedKind } from '../models/purchase-kind.js';
import type { PurchaseLog } from '../purchase-log.js';
import type { TimeUnit } from '../time-unit.js';
import { dressed } from './dressed-model.js';
import type { EnsembleModel } from './ensemble-model.js';
import { windowDaysOf } from './origins.js';

/**
 * One published model, fitted to a log and {@link dressed}: what an ensemble is compared with.
 * @throws clv_not_enough_data
 */
export function plainModel(
  log: PurchaseLog,
  kind: RequestedKind,
  timeUnit: TimeUnit = 'week',
): EnsembleModel {
  const { model } = fitPurchases(log.table(timeUnit), kind);
  return dressed(model, log.endDay, windowDaysOf(log));
}
