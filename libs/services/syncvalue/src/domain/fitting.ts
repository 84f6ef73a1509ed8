import {
  averageCustomer,
  Ensemble,
  fitEnsemble,
  fitPurchases,
  fitSpend,
  PurchaseLog,
  rowOf,
  ValueModel,
  type CustomerTable,
  type EnsembleModel,
  type PurchaseFit,
  type PurchaseLogColumns,
  type PurchaseModel,
  type SpendFit,
  type SpendModelKind,
} from '@kiki/clv';
import { errors } from '../errors.js';
import type { FitKind, ModelArtefact, StandardOptions, TierBounds } from './model.js';
import { populationProfile } from './population-profile.js';

/** What a fit needs; structured-cloneable. */
export interface FitJob {
  readonly table: CustomerTable;
  readonly kind: FitKind;
  /** Purchase days up to the end of the table, of an ensemble only. */
  readonly log?: PurchaseLogColumns | undefined;
  readonly spendKind: SpendModelKind;
  readonly standard: StandardOptions;
}

/** What a fit yields. */
export type FitOutcome = Pick<
  ModelArtefact,
  | 'purchase'
  | 'ensemble'
  | 'spend'
  | 'isDropoutIdentified'
  | 'warnings'
  | 'average'
  | 'standard'
  | 'tiers'
  | 'population'
>;

/** Told what is being done, with a share from 0 to 1. */
export type OnProgress = (stage: string, fraction: number) => void;

/** Share of the customers below each tier. */
const TIER_SHARES = { medium: 0.5, high: 0.8, top: 0.95 };

/** Fits both models and measures the population. @throws clv_not_enough_data, fit_failed */
export function fit(job: FitJob, onProgress: OnProgress): FitOutcome {
  onProgress('purchase_model', 0.3);
  const ensemble = ensembleOf(job);
  const purchases = fitPurchases(job.table, job.kind === 'ensemble' ? 'auto' : job.kind);
  onProgress('spend_model', 0.6);
  const spend = fitSpend(job.table, job.spendKind);
  checkFinite(purchases, spend);
  onProgress('population', 0.8);
  const values = valuesOf(
    new ValueModel(ensemble ? new Ensemble(ensemble) : purchases.model, spend.model),
    job.table,
    job.standard,
  );
  return {
    purchase: ensemble === undefined ? purchases.model : shortened(purchases.model),
    ...(ensemble !== undefined && { ensemble }),
    spend: spend.model,
    isDropoutIdentified: purchases.dropoutIdentified,
    warnings: [...new Set([...purchases.warnings, ...spend.warnings].map(({ code }) => code))],
    average: averageCustomer(job.table),
    standard: job.standard,
    tiers: tierBounds(values.toSorted()),
    population: populationProfile(job.table, values),
  };
}

/** The ensemble that was asked for; undefined where another kind was. @throws clv_not_enough_data */
export function ensembleOf({
  kind,
  table,
  log,
}: Pick<FitJob, 'kind' | 'table' | 'log'>): EnsembleModel | undefined {
  if (kind !== 'ensemble') return undefined;
  if (log === undefined) throw new Error('an ensemble is fitted to purchase days');
  return fitEnsemble(PurchaseLog.ofColumns(log), { timeUnit: table.timeUnit });
}

/** Errors of a model that forecasts nothing would only fill the artefact. */
function shortened(model: PurchaseModel): PurchaseModel {
  return { ...model, covariance: null, standardErrors: null };
}

function checkFinite(purchases: PurchaseFit, spend: SpendFit): void {
  const { model } = purchases;
  const numbers = [model.logLikelihood, ...Object.values(model.parameters)];
  numbers.push(spend.model.logLikelihood ?? 0, ...Object.values(spend.model.parameters));
  if (!numbers.every(Number.isFinite)) throw errors.fit_failed();
}

/** The value of every customer within the standard horizon at margin 1, micros. */
function valuesOf(
  model: ValueModel,
  table: CustomerTable,
  standard: StandardOptions,
): Float64Array {
  const options = { ...standard, margin: 1 };
  return Float64Array.from(
    table.customerIds,
    (_, i) => model.valueOf(rowOf(table, i), options).valueMicros,
  );
}

function tierBounds(ascending: Float64Array): TierBounds {
  const at = (share: number): number => ascending[Math.floor(share * (ascending.length - 1))] ?? 0;
  return {
    mediumMicros: at(TIER_SHARES.medium),
    highMicros: at(TIER_SHARES.high),
    topMicros: at(TIER_SHARES.top),
  };
}
