export * from './backtest.js';
export { errors as clvErrors } from './errors.js';
export * from './ensemble/index.js';
export * from './cold-start/index.js';
export * from './covariates/index.js';
export type { EstimatedParameters } from './estimated-parameters.js';
export * from './explain.js';
export * from './plots/index.js';
export * from './forecast.js';
export * from './interval-scores.js';
export { averageCustomer } from './population.js';
export * from './population-stability.js';
export { PurchaseDistribution } from './purchase-distribution.js';
export { fitPurchases, type PurchaseFit, type PurchaseModel } from './purchase-fit.js';
export * from './netting.js';
export {
  PurchaseLog,
  type CustomerPurchases,
  type DayTime,
  type PurchaseLogColumns,
} from './purchase-log.js';
export { PurchaseHistory, type Transaction, type WindowActuals } from './purchase-history.js';
export {
  correlation,
  expectedSpendMicros,
  fitSpend,
  type SpendFit,
  type SpendModel,
  type SpendModelKind,
} from './spend-model.js';
export * from './simulation/index.js';
export * from './statistics.js';
export { Column, TableBuilder } from './table-builder.js';
export * from './time-unit.js';
export * from './value.js';
export type { FitWarning } from './warning.js';
export { purchaseKind } from './models/index.js';
export type {
  Observed,
  PurchaseKind,
  PurchaseModelKind,
  RequestedKind,
} from './models/purchase-kind.js';
export * from './discrete/index.js';
export { zilnLoss, zilnMean, type ZilnLogits } from './ziln.js';
