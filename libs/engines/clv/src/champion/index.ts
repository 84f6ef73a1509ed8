export { Champion, type CountQuantile } from './champion.js';
export { fitChampion, type ChampionOptions } from './champion-fit.js';
export type { ChampionModel, Shock } from './champion-model.js';
export type { CountMixture } from './count-distribution.js';
export { plainModel } from './plain-model.js';
export type { MemberModel } from './member.js';
export type { Tempo } from './operational-time.js';
export type { Season } from './season.js';
export {
  forecastTotal,
  type SegmentRow,
  type TotalForecast,
  type TotalOptions,
} from './total-forecast.js';
