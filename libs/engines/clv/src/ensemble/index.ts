export { Ensemble, type CountQuantile } from './ensemble.js';
export { fitEnsemble, type EnsembleOptions } from './ensemble-fit.js';
export type { EnsembleModel, Shock } from './ensemble-model.js';
export { quantiles as countQuantiles, type CountMixture } from './count-distribution.js';
export { plainModel } from './plain-model.js';
export type { MemberModel } from './member.js';
export type { Tempo } from './operational-time.js';
export { spendQuantiles } from './spend-distribution.js';
export type { Season } from './season.js';
export {
  forecastTotal,
  type SegmentRow,
  type TotalForecast,
  type TotalOptions,
} from './total-forecast.js';
