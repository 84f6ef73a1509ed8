import {
  discreteRows,
  fitBgBb,
  fitEnsemble,
  fitPurchases,
  fitSpend,
  type CustomerTable,
  type EnsembleModel,
  type FitWarning,
  type OpportunityUnit,
  type PurchaseLog,
  type PurchaseModel,
  type PurchaseModelKind,
  type RequestedKind,
  type SpendModel,
  type TimeUnit,
} from '@kiki/clv';

/** Models of continuous time as people type them. */
export const PURCHASE_MODELS = {
  bgnbd: 'bg_nbd',
  mbgnbd: 'mbg_nbd',
  paretonbd: 'pareto_nbd',
  ggompertznbd: 'ggompertz_nbd',
  nbd: 'nbd',
  auto: 'auto',
} as const satisfies Readonly<Record<string, RequestedKind>>;

/** What `--model` knows; `auto` is the likeliest of the first three, else NBD. */
export const MODEL_NAMES = [
  'bgnbd',
  'mbgnbd',
  'paretonbd',
  'ggompertznbd',
  'nbd',
  'bgbb',
  'auto',
  'ensemble',
] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** A fit as `kiki value fit --json` prints it. */
export interface FitAnswer {
  /** `bgnbd mbgnbd paretonbd ggompertznbd nbd bgbb betabinomial ensemble`: the model that is answered with. */
  readonly kind: string;
  readonly requested: ModelName;
  readonly parameters: Readonly<Record<string, number>>;
  /** Null where the data do not determine them, and of the ensemble. */
  readonly standardErrors: Readonly<Record<string, number>> | null;
  /** Null of the ensemble: a blend of forecasts has none. */
  readonly logLikelihood: number | null;
  /** Customers. */
  readonly n: number;
  /** Customers with a purchase after the first day (for BG/BB: opportunity). */
  readonly repeatCustomers: number;
  readonly dropoutIdentified: boolean;
  readonly warnings: readonly FitWarning[];
  /** Of NBD on the same customers: what dropout gains is the difference. */
  readonly nbdLogLikelihood?: number;
  /** Everything that the ensemble forecasts with. */
  readonly ensemble?: EnsembleModel;
}

/** The models whose time is continuous. */
export type ContinuousName = keyof typeof PURCHASE_MODELS;

/** Fits a model of continuous time, or the likeliest. @throws clv_not_enough_data */
export function fitTable(
  table: CustomerTable,
  requested: ContinuousName,
): FitAnswer & { readonly model: PurchaseModel } {
  const fit = fitPurchases(table, PURCHASE_MODELS[requested]);
  const { model, dropoutIdentified, warnings } = fit;
  return {
    kind: nameOf(model.kind),
    requested,
    parameters: model.parameters,
    standardErrors: model.standardErrors,
    logLikelihood: model.logLikelihood,
    n: table.customerIds.length,
    repeatCustomers: repeatCustomersOf(table),
    dropoutIdentified,
    warnings,
    nbdLogLikelihood: fit.nbd.logLikelihood,
    model,
  };
}

/** Fits BG/BB to the log's opportunities. @throws clv_not_enough_data */
export function fitOpportunities(log: PurchaseLog, unit: OpportunityUnit): FitAnswer {
  const rows = discreteRows({ purchaseDays: () => daysOfEach(log) }, log.endDay, unit);
  const { model, dropoutIdentified, warnings } = fitBgBb(rows);
  return {
    kind: model.kind === 'bg_bb' ? 'bgbb' : 'betabinomial',
    requested: 'bgbb',
    parameters: model.parameters,
    standardErrors: model.standardErrors,
    logLikelihood: model.logLikelihood,
    n: model.customers,
    repeatCustomers: rows.reduce((sum, row) => sum + (row.frequency > 0 ? row.weight : 0), 0),
    dropoutIdentified,
    warnings,
  };
}

function* daysOfEach(log: PurchaseLog): Generator<number[]> {
  for (let i = 0; i < log.customerIds.length; i++) yield [...log.daysOf(i)];
}

/** Fits the ensemble to purchase days. @throws clv_not_enough_data */
export function fitEnsembleTo(
  log: PurchaseLog,
  timeUnit: TimeUnit,
): FitAnswer & { readonly ensemble: EnsembleModel } {
  const ensemble = fitEnsemble(log, { timeUnit });
  const { weights, slope, season, shock, anchors } = ensemble;
  const named = anchors.map(({ kind }, k) => [`weight_${MEMBERS[k] ?? kind}`, weights[k] ?? 0]);
  return {
    kind: 'ensemble',
    requested: 'ensemble',
    parameters: {
      ...(Object.fromEntries(named) as Record<string, number>),
      ...{ slope, level: season.level, shock: shock.scale },
    },
    standardErrors: null,
    logLikelihood: null,
    n: ensemble.customers,
    repeatCustomers: repeatCustomersOf(log.table(timeUnit)),
    dropoutIdentified: anchors.some(({ kind }) => kind !== 'nbd'),
    warnings: [],
    ensemble,
  };
}

/** The ensemble's members by what they are asked to be: where no dropout shows each of them is NBD. */
const MEMBERS = ['paretonbd', 'bgnbd'];

function repeatCustomersOf({ frequency }: CustomerTable): number {
  return frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0);
}

/** A spend model as it is printed; amounts are units of the currency. */
export interface SpendAnswer extends Omit<
  SpendModel,
  'populationMeanMicros' | 'parameterNames' | 'logCovariance'
> {
  readonly currency: string;
  /** Mean spend per purchase of the population. */
  readonly populationMean: number;
  readonly warnings: readonly FitWarning[];
}

/** Fits the spend of the repeat customers. */
export function fitSpendOf(table: CustomerTable, currency: string): SpendAnswer {
  const { model, warnings } = fitSpend(table);
  const { parameterNames: _, logCovariance: __, populationMeanMicros, ...rest } = model;
  return { currency, ...rest, populationMean: populationMeanMicros / 1e6, warnings };
}

function nameOf(kind: PurchaseModelKind): string {
  return kind.replace('_', '');
}
