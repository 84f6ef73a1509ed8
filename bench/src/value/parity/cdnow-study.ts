import {
  expectedSpendMicros,
  fitPurchases,
  fitSpend,
  PurchaseForecaster,
  rowOf,
  type CustomerTable,
  type Observed,
  type PurchaseFit,
  type PurchaseHistory,
  type PurchaseModelKind,
  type SpendFit,
} from '@kiki/clv';
import { dayOf, readRawLog } from './raw-log.js';

/** Ends of CDNOW's calibration and holdout, as the literature splits it. */
export const CALIBRATION_END = dayOf('1997-09-30');
export const HOLDOUT_END = dayOf('1998-06-30');
/** Weeks of the holdout. */
export const HOLDOUT_WEEKS = 39;

/** The three models with dropout. */
export const DROPOUT_MODELS = ['bg_nbd', 'pareto_nbd', 'mbg_nbd'] as const;

/** CDNOW, fitted: what the groups of numbers are computed from. */
export interface CdnowStudy {
  readonly rows: number;
  readonly history: PurchaseHistory;
  readonly table: CustomerTable;
  readonly fits: Readonly<Record<(typeof DROPOUT_MODELS)[number], PurchaseFit>>;
  readonly forecasters: Readonly<Record<(typeof DROPOUT_MODELS)[number], PurchaseForecaster>>;
  readonly spend: SpendFit;
}

/** Reads and fits one of the two files. */
export async function studyCdnow(file: string): Promise<CdnowStudy> {
  const { history, rows } = await readRawLog(file, { currency: 'USD' });
  const table = history.table(CALIBRATION_END, 'week');
  const fits = {
    bg_nbd: fitPurchases(table, 'bg_nbd'),
    pareto_nbd: fitPurchases(table, 'pareto_nbd'),
    mbg_nbd: fitPurchases(table, 'mbg_nbd'),
  };
  const forecasters = {
    bg_nbd: new PurchaseForecaster(fits.bg_nbd.requested),
    pareto_nbd: new PurchaseForecaster(fits.pareto_nbd.requested),
    mbg_nbd: new PurchaseForecaster(fits.mbg_nbd.requested),
  };
  return { rows, history, table, fits, forecasters, spend: fitSpend(table) };
}

/** Purchases that a model expects of each customer within `weeks`. */
export function expectedOf(
  table: CustomerTable,
  forecaster: PurchaseForecaster,
  weeks: number,
): Float64Array {
  return Float64Array.from(table.customerIds, (_, i) =>
    forecaster.expectedPurchases(rowOf(table, i), weeks),
  );
}

/** Dollars per purchase that the spend model expects of each customer. */
export function expectedDollars({ table, spend }: CdnowStudy): Float64Array {
  return Float64Array.from(
    table.frequency,
    (x, i) => expectedSpendMicros(spend.model, x, table.spendMeanMicros[i]) / 1e6,
  );
}

/** A model with parameters from print instead of a fit. */
export function printedModel(
  kind: PurchaseModelKind,
  parameters: Readonly<Record<string, number>>,
): PurchaseForecaster {
  return new PurchaseForecaster({
    kind,
    parameters,
    parameterNames: Object.keys(parameters),
    timeUnit: 'week',
    logLikelihood: Number.NaN,
    standardErrors: null,
    covariance: null,
    customers: 0,
    evaluations: 0,
    hasConverged: true,
  });
}

/** x, t_x and T of a customer, weeks. */
export function observed(frequency: number, recency: number, age: number): Observed {
  return { frequency, recency, age };
}
