import {
  attributesOf,
  averageCustomer,
  Ensemble,
  fitEnsemble,
  fitPurchases,
  fitSpend,
  learnAcquisition,
  PurchaseLog,
  rowOf,
  ValueModel,
  type AttributeTable,
  type CustomerTable,
  type EnsembleModel,
  type PurchaseFit,
  type PurchaseLogColumns,
  type PurchaseModel,
  type SpendFit,
  type SpendModelKind,
} from '@kiki/clv';
import { errors } from '../errors.js';
import { alphaOf, LearnedAcquisition } from './learned-acquisition.js';
import type { FitKind, FittedArtefact, StandardOptions, TierBounds } from './model.js';
import { populationProfile } from './population-profile.js';

/** What a fit needs; structured-cloneable. */
export interface FitJob {
  readonly table: CustomerTable;
  readonly kind: FitKind;
  /** Purchase days up to the end of the table, of an ensemble only. */
  readonly log?: PurchaseLogColumns | undefined;
  readonly spendKind: SpendModelKind;
  readonly standard: StandardOptions;
  /** How the customers of the table came; undefined where nothing is known of anybody. */
  readonly attributes?: AttributeTable | undefined;
}

/** What a fit yields. */
export type FitOutcome = Pick<
  FittedArtefact,
  | 'purchase'
  | 'ensemble'
  | 'spend'
  | 'acquisition'
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
  const acquisition =
    job.attributes && learnAcquisition(job.table, job.attributes, purchases.model);
  const model = new ValueModel(ensemble ? new Ensemble(ensemble) : purchases.model, spend.model);
  const learned =
    acquisition && new LearnedAcquisition(acquisition, model, alphaOf(purchases.model));
  const values = valuesOf(model, job, learned);
  return {
    purchase: ensemble === undefined ? purchases.model : shortened(purchases.model),
    ...(ensemble !== undefined && { ensemble }),
    spend: spend.model,
    ...(acquisition !== undefined && { acquisition }),
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

/** The value of every customer within the standard horizon at margin 1, micros: what a prediction says of each. */
function valuesOf(
  model: ValueModel,
  { table, standard, attributes }: FitJob,
  learned: LearnedAcquisition | undefined,
): Float64Array {
  const options = { ...standard, margin: 1 };
  return Float64Array.from(table.customerIds, (_, i) => {
    const row = rowOf(table, i);
    const value = model.valueOf(row, options);
    const prior = attributes && learned?.priorOf(attributesOf(attributes, i));
    if (learned === undefined || prior === undefined) return value.valueMicros;
    return learned.values.of(value, row, prior, standard.horizonDays).value.valueMicros;
  });
}

/** The bounds of the tiers of these values. */
export function tierBounds(ascending: Float64Array): TierBounds {
  const at = (share: number): number => ascending[Math.floor(share * (ascending.length - 1))] ?? 0;
  return {
    mediumMicros: at(TIER_SHARES.medium),
    highMicros: at(TIER_SHARES.high),
    topMicros: at(TIER_SHARES.top),
  };
}
