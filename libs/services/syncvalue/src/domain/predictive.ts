import {
  dressed,
  Ensemble,
  EnsembleDistribution,
  PurchaseDistribution,
  type EnsembleModel,
  type Observed,
  type PurchaseModel,
} from '@kiki/clv';

/** What forecasts purchases. */
export type ForecastingModel = PurchaseModel | EnsembleModel;

/** P(N ≤ n) of a customer's purchases within a horizon for n = 0, 1, … until hardly anything is left. */
export type CountLaw = (row: Observed) => readonly number[];

/**
 * The predictive distribution of single customers: process and parameters of a published model; of the ensemble the
 * period's shock too, and how far customers' rates were seen to change.
 * @param asOfDay where all customers' statistics end, days since 1970-01-01
 */
export function countLaw(model: ForecastingModel, horizonDays: number, asOfDay: number): CountLaw {
  if (model.kind !== 'ensemble') {
    const distribution = new PurchaseDistribution(model, horizonDays);
    return (row) => distribution.below(row);
  }
  const distribution = new EnsembleDistribution(new Ensemble(model, asOfDay), horizonDays);
  return (row) => distribution.below(row);
}

/** The model that totals are forecast with: a published one knows no shock. */
export function totalling(model: ForecastingModel, asOfDay: number): Ensemble {
  return new Ensemble(model.kind === 'ensemble' ? model : dressed(model, asOfDay), asOfDay);
}
