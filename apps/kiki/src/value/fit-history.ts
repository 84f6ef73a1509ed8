import {
  discreteRows,
  fitBgBb,
  fitPurchases,
  fitSpend,
  type CustomerTable,
  type FitWarning,
  type OpportunityUnit,
  type PurchaseHistory,
  type PurchaseModel,
  type PurchaseModelKind,
  type RequestedKind,
  type SpendModel,
} from '@kiki/clv';

/** Models of continuous time as people type them. */
export const PURCHASE_MODELS = {
  bgnbd: 'bg_nbd',
  mbgnbd: 'mbg_nbd',
  paretonbd: 'pareto_nbd',
  nbd: 'nbd',
  auto: 'auto',
} as const satisfies Readonly<Record<string, RequestedKind>>;

/** What `--model` knows; `auto` is the likeliest of the three with dropout, else NBD. */
export const MODEL_NAMES = ['bgnbd', 'mbgnbd', 'paretonbd', 'nbd', 'bgbb', 'auto'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** A fit as `kiki value fit --json` prints it. */
export interface FitAnswer {
  /** `bgnbd mbgnbd paretonbd nbd bgbb betabinomial`: the model that is answered with. */
  readonly kind: string;
  readonly requested: ModelName;
  readonly parameters: Readonly<Record<string, number>>;
  /** Null where the data do not determine them. */
  readonly standardErrors: Readonly<Record<string, number>> | null;
  readonly logLikelihood: number;
  /** Customers. */
  readonly n: number;
  /** Customers with a purchase after the first day (for BG/BB: opportunity). */
  readonly repeatCustomers: number;
  readonly dropoutIdentified: boolean;
  readonly warnings: readonly FitWarning[];
  /** Of NBD on the same customers: what dropout gains is the difference. */
  readonly nbdLogLikelihood?: number;
}

/** Fits a model of continuous time, or the likeliest. @throws clv_not_enough_data */
export function fitTable(
  table: CustomerTable,
  requested: Exclude<ModelName, 'bgbb'>,
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
    repeatCustomers: table.frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0),
    dropoutIdentified,
    warnings,
    nbdLogLikelihood: fit.nbd.logLikelihood,
    model,
  };
}

/** Fits BG/BB to the log's opportunities. @throws clv_not_enough_data */
export function fitOpportunities(
  history: PurchaseHistory,
  endDay: number,
  unit: OpportunityUnit,
): FitAnswer {
  const rows = discreteRows(history, endDay, unit);
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

/** A spend model as it is printed; amounts are units of the currency. */
export interface SpendAnswer extends Omit<SpendModel, 'populationMeanMicros' | 'parameterNames'> {
  readonly currency: string;
  /** Mean spend per purchase of the population. */
  readonly populationMean: number;
  readonly warnings: readonly FitWarning[];
}

/** Fits the spend of the repeat customers. */
export function fitSpendOf(table: CustomerTable, currency: string): SpendAnswer {
  const { model, warnings } = fitSpend(table);
  const { parameterNames: _, populationMeanMicros, ...rest } = model;
  return { currency, ...rest, populationMean: populationMeanMicros / 1e6, warnings };
}

function nameOf(kind: PurchaseModelKind): string {
  return kind.replace('_', '');
}
