import type {
  AcquisitionModel,
  AverageCustomer,
  EnsembleModel,
  PurchaseModel,
  PurchaseModelKind,
  RequestedKind,
  SpendModel,
  SpendModelKind,
  TimeUnit,
} from '@kiki/clv';
import type { DriftReport } from './drift.js';
import type { OnnxModel } from './onnx-declaration.js';
import type { PopulationProfile } from './population-profile.js';
import type { StoredBacktest } from './stored-backtest.js';

/** What can be fitted: a published model, the likeliest of them, or their ensemble. */
export type FitKind = RequestedKind | 'ensemble';

/** A movable name of a version. */
export type ModelLabel = 'champion' | 'challenger';

/** Which model is meant. */
export type ModelReference = { readonly version: string } | { readonly label: ModelLabel };

/** Lower bounds of the tiers medium, high and top by value within the standard horizon at margin 1, micros. */
export interface TierBounds {
  readonly mediumMicros: number;
  readonly highMicros: number;
  readonly topMicros: number;
}

/** What the tiers are measured with. */
export interface StandardOptions {
  readonly horizonDays: number;
  readonly annualDiscountRate: number;
}

/** What every model tells of the log it was made on: plain data, a few kilobytes of JSON, never changed. */
interface ArtefactFacts {
  /** Codes. */
  readonly warnings: readonly string[];
  readonly timeUnit: TimeUnit;
  readonly currency: string;
  readonly timeZone: string;
  /** SHA-256 over the statistics, lower-case hex. */
  readonly dataSha256: string;
  readonly customerCount: number;
  readonly transactionCount: number;
  /** Last day that the fit saw, days since 1970-01-01. */
  readonly calibrationDay: number;
  /** Times in the model's unit. */
  readonly average: AverageCustomer;
  readonly standard: StandardOptions;
  readonly tiers: TierBounds;
  readonly fitDurationMs: number;
  /** The fitted population in bins, for drift. Absent in models before drift was measured. */
  readonly population?: PopulationProfile;
  /** What the promotion gates see. Absent where the log was too short for a holdout. */
  readonly backtest?: StoredBacktest;
}

/** Everything a fit yields. */
export interface FittedArtefact extends ArtefactFacts {
  /** What forecasts; where there is an ensemble it is told for comparison only. */
  readonly purchase: PurchaseModel;
  /** Forecasts instead of `purchase` where it was asked for. */
  readonly ensemble?: EnsembleModel;
  readonly spend: SpendModel;
  /** What was learned of how customers came. Absent where the log has no attributes. */
  readonly acquisition?: AcquisitionModel;
  readonly isDropoutIdentified: boolean;
  /** What was asked for, where the data may have chosen a simpler one. Absent in models before the gates. */
  readonly requestedKind?: FitKind;
  readonly requestedSpendKind?: SpendModelKind;
  readonly onnx?: undefined;
}

/** A graph that was brought, and the population it was measured on; times in days. */
export interface OnnxArtefact extends ArtefactFacts {
  readonly onnx: OnnxModel;
  /** What turns purchases into money, fitted to the log; absent where the graph speaks of revenue. */
  readonly spend?: SpendModel;
}

/** What a version is. */
export type ModelArtefact = FittedArtefact | OnnxArtefact;

/** The kind of the model that forecasts. */
export function kindOf(artefact: ModelArtefact): PurchaseModelKind | 'ensemble' | 'onnx' {
  if (artefact.onnx !== undefined) return 'onnx';
  return artefact.ensemble === undefined ? artefact.purchase.kind : 'ensemble';
}

/** Most bytes of an artefact as JSON. */
export const MAX_ARTEFACT_BYTES = 4096;

/**
 * Covariance of the logarithms of the purchase parameters, in their order: cov(log a, log b) = cov(a, b) / ab, the
 * scale on which the likelihood is nearly normal; undefined where the fit gives none.
 */
export function logCovariance({ purchase }: FittedArtefact): number[][] | undefined {
  const values = purchase.parameterNames.map((name) => purchase.parameters[name] ?? NaN);
  return purchase.covariance?.map((row, i) =>
    row.map((value, j) => value / ((values[i] ?? NaN) * (values[j] ?? NaN))),
  );
}

/** A stored model. */
export interface Model {
  readonly version: string;
  readonly createdAtMs: number;
  readonly artefact: ModelArtefact;
  readonly labels: readonly ModelLabel[];
  /** The newest measurement of the population; only of the champion. */
  readonly drift?: DriftReport | undefined;
}

/** How a label comes to move. */
export type LabelMoveKind = 'first' | 'fit' | 'promotion' | 'refit' | 'rollback';

/** Where the labels of a tenant point. */
export type Labels = Readonly<Partial<Record<ModelLabel, string>>>;

/** The labels that point to a version. */
export function labelsOf(labels: Labels, version: string): ModelLabel[] {
  return (['champion', 'challenger'] as const).filter((label) => labels[label] === version);
}
