import {
  attributesOf,
  Ensemble,
  fitPurchases,
  learnAcquisition,
  ValueModel,
  type AppliedPrior,
  type SpendModel,
  type ValuedCustomer,
} from '@kiki/clv';
import { alphaOf, LearnedAcquisition } from './learned-acquisition.js';
import type { ForecastingModel } from './predictive.js';
import type { ScoreJob } from './scoring.js';

/** What a customer's forecast is multiplied with for how they came. */
export type AcquiredFactors = (customer: ValuedCustomer, index: number) => AppliedPrior;

const NONE: AppliedPrior = { purchases: 1, spend: 1 };

/** What the past of a window tells of how its customers came: a back-test forecasts as predictions do. */
export function acquiredFactors(
  { table, attributes }: Pick<ScoreJob, 'table' | 'attributes'>,
  model: ForecastingModel,
  spend: SpendModel,
): AcquiredFactors {
  if (attributes === undefined) return () => NONE;
  const isEnsemble = model.kind === 'ensemble';
  const purchases = isEnsemble ? fitPurchases(table, 'auto').model : model;
  const learned = learnAcquisition(table, attributes, purchases);
  if (learned === undefined) return () => NONE;
  const values = new ValueModel(isEnsemble ? new Ensemble(model) : model, spend);
  const acquisition = new LearnedAcquisition(learned, values, alphaOf(purchases));
  return (customer, index) => {
    const prior = acquisition.priorOf(attributesOf(attributes, index));
    return prior === undefined ? NONE : acquisition.values.factors(customer, prior);
  };
}
