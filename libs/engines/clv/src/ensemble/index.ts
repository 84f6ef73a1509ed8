export { Ensemble, type CountQuantile } from './ensemble.js';
export { fitEnsemble, type EnsembleOptions } from './ensemble-fit.js';
export type { EnsembleModel, Shock } from './ensemble-model.js';
export {
  cumulative,
  quantiles as countQuantiles,
  type CountMixture,
} from './count-distribution.js';
export { dressed } from './dressed-model.js';
export { EnsembleDistribution } from './ensemble-distribution.js';
export { quantilesOf, shortestRangeOf } from './count-ranges.js';
export { plainModel } from './plain-model.js';
export {
  forecastSegments,
  MAX_SEGMENTS,
  type Multipliers,
  type Segmented,
  type SegmentForecast,
  type SegmentOptions,
  type SegmentTotal,
} from './segment-forecast.js';
export type { MemberModel } from './member.js';
export type { Tempo } from './operational-time.js';
export { spendQuantiles, spendQuantilesOf } from './spend-distribution.js';
export type { Season } from './season.js';
export {
  forecastTotal,
  type SegmentRow,
  type TotalForecast,
  type TotalOptions,
} from './total-forecast.js';
