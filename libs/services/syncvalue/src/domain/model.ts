import type { AverageCustomer, PurchaseModel, SpendModel, TimeUnit } from '@kiki/clv';

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

/** Everything a fit yields: plain data, a few kilobytes of JSON, never changed. */
export interface ModelArtefact {
  readonly purchase: PurchaseModel;
  readonly spend: SpendModel;
  readonly isDropoutIdentified: boolean;
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
}

/** A stored model. */
export interface Model {
  readonly version: string;
  readonly createdAtMs: number;
  readonly artefact: ModelArtefact;
  readonly labels: readonly ModelLabel[];
}

/** Where the labels of a tenant point. */
export type Labels = Readonly<Partial<Record<ModelLabel, string>>>;

/** The labels that point to a version. */
export function labelsOf(labels: Labels, version: string): ModelLabel[] {
  return (['champion', 'challenger'] as const).filter((label) => labels[label] === version);
}
