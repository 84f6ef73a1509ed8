/** Purchases at discrete opportunities (BG/BB) and subscriptions (shifted-beta-geometric). */
export {
  fitBgBb,
  type DiscreteFit,
  type DiscreteModel,
  type DiscreteModelKind,
} from './discrete-fit.js';
export { DiscreteForecaster } from './discrete-forecast.js';
export { discreteRows, type OpportunityUnit } from './discrete-history.js';
export type { DiscreteObserved, DiscreteRow } from './discrete-rows.js';
export {
  fitSubscriptions,
  SubscriptionForecaster,
  type SubscriptionFit,
  type SubscriptionModel,
  type SurvivorCounts,
} from './shifted-beta-geometric.js';
export { simulateBgBb, simulateSubscriptions, type DiscreteCohort } from './simulate-discrete.js';
