import { fitPurchases, PurchaseForecaster, scoreForecast } from '@kiki/clv';
import {
  CALIBRATION_END,
  expectedDollars,
  expectedOf,
  HOLDOUT_END,
  HOLDOUT_WEEKS,
  type CdnowStudy,
} from './cdnow-study.js';
import { ascendingDecileMape, rectangleGini } from './holdout-scores.js';
import { BTYD, ParityGroup, PRINTED, SHOWN, type Tolerance } from './parity-row.js';
import { dayOf } from './raw-log.js';

const SCORES = [
  ...['sum', 'bias', 'mae', 'rmse', 'pearson', 'spearman', 'gini', 'decile MAPE'],
  'decile MAPE, descending',
] as const;

type Score = (typeof SCORES)[number];

/** What the table of the reference prints, by model; the last score is ours by the text's own definition. */
const SAMPLE: Readonly<Record<string, Readonly<Partial<Record<Score, string>>>>> = {
  pareto_nbd: {
    ...{ sum: '1665.5', bias: '-.115', mae: '.7545', rmse: '1.6028', pearson: '.6302' },
    ...{ spearman: '.4597', gini: '.6727', 'decile MAPE': '.344' },
  },
  bg_nbd: {
    ...{ sum: '1653.4', bias: '-.121', mae: '.7855', rmse: '1.6080', pearson: '.6256' },
    ...{ spearman: '.4493', gini: '.6625', 'decile MAPE': '.185' },
  },
  mbg_nbd: {
    ...{ sum: '1576.7', bias: '-.162', mae: '.7648', rmse: '1.6072', pearson: '.6273' },
    ...{ spearman: '.4500', gini: '.6637', 'decile MAPE': '.239' },
  },
  naive: {
    ...{ sum: '2930.1', bias: '.557', mae: '1.0237', rmse: '2.2119' },
    ...{ spearman: '.4898', gini: '.6515', 'decile MAPE': '.928' },
  },
  dollars: {
    ...{ sum: '60449', bias: '-.148', mae: '29.45', rmse: '72.18' },
    ...{ spearman: '.4451', gini: '.6595', 'decile MAPE': '.373' },
  },
};

const FULL: typeof SAMPLE = {
  pareto_nbd: { bias: '-.129', mae: '.7938', gini: '.6733' },
  bg_nbd: { bias: '-.143', mae: '.8187', gini: '.6627' },
  mbg_nbd: { bias: '-.191', mae: '.7945', gini: '.6656' },
  naive: { bias: '.474', mae: '1.0381', gini: '.6506' },
  dollars: { bias: '-.158', mae: '31.99', gini: '.6845' },
};

/** 39 weeks ahead, scored, on the sample. */
export function sampleHoldout(study: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW sample, holdout');
  addActuals(group, study, { purchases: '1882', dollars: '70976.39' });
  addScores(group, study, SAMPLE);
  addByFrequency(group, study);
  return group;
}

/** The same on all customers, and four origins of 13 weeks. */
export function fullHoldout(study: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW full, holdout');
  addActuals(group, study, { purchases: '19684', dollars: '776961.13' });
  addScores(group, study, FULL);
  addRollingBias(group, study);
  return group;
}

function addActuals(
  group: ParityGroup,
  { history, table }: CdnowStudy,
  printed: { readonly purchases: string; readonly dollars: string },
): void {
  const actual = history.actuals(table.customerIds, CALIBRATION_END, HOLDOUT_END);
  group.add('actual purchases', total(actual.purchases), printed.purchases, PRINTED);
  group.add('actual dollars', total(actual.spendMicros) / 1e6, printed.dollars, PRINTED);
}

function addScores(group: ParityGroup, study: CdnowStudy, references: typeof SAMPLE): void {
  const { table, history, forecasters } = study;
  const actual = history.actuals(table.customerIds, CALIBRATION_END, HOLDOUT_END);
  const dollars = expectedDollars(study);
  const expected = (kind: keyof typeof forecasters): Float64Array =>
    expectedOf(table, forecasters[kind], HOLDOUT_WEEKS);
  const pareto = expected('pareto_nbd');
  const predictions = {
    pareto_nbd: pareto,
    bg_nbd: expected('bg_nbd'),
    mbg_nbd: expected('mbg_nbd'),
    naive: table.frequency.map((x, i) => (x / (table.age[i] ?? 0)) * HOLDOUT_WEEKS),
    dollars: pareto.map((purchases, i) => purchases * (dollars[i] ?? 0)),
  };
  for (const [name, predicted] of Object.entries(predictions)) {
    const happened = name === 'dollars' ? actual.spendMicros.map((m) => m / 1e6) : actual.purchases;
    const ours = scoresOf(table.customerIds, predicted, happened);
    for (const score of SCORES) {
      const reference = references[name]?.[score];
      const how: Tolerance = score === 'sum' && name === 'dollars' ? { absolute: 0.5 } : PRINTED;
      if (reference !== undefined) group.add(`${name} ${score}`, ours[score], reference, how);
      if (score !== 'decile MAPE' || reference === undefined) continue;
      const other = 'decile MAPE, descending';
      group.add(`${name} ${other}`, ours[other], reference, SHOWN);
    }
  }
}

function scoresOf(
  ids: readonly string[],
  predicted: Float64Array,
  actual: Float64Array,
): Readonly<Record<Score, number | null>> {
  const scores = scoreForecast(ids, predicted, actual);
  const { bias, mae, rmse, pearson, spearman } = scores;
  return {
    ...{ sum: scores.predicted, bias, mae, rmse, pearson, spearman },
    gini: rectangleGini(predicted, actual),
    'decile MAPE': ascendingDecileMape(predicted, actual),
    'decile MAPE, descending': scores.decileMape,
  };
}

/** BTYD's table: means of the holdout by purchases in the calibration, 7 and more together. */
function addByFrequency(group: ParityGroup, { table, history, forecasters }: CdnowStudy): void {
  const actual = history.actuals(table.customerIds, CALIBRATION_END, HOLDOUT_END).purchases;
  const bins = [0, 1, 2, 3, 4, 5, 6, '7+'] as const;
  const binOf = (x: number): number => Math.min(x, 7);
  const sums = (values: ArrayLike<number>): number[] => {
    const sum = bins.map(() => 0);
    table.frequency.forEach((x, i) => (sum[binOf(x)] = (sum[binOf(x)] ?? 0) + (values[i] ?? 0)));
    return sum;
  };
  const counts = sums(table.frequency.map(() => 1));
  group.addAll(
    'customers with x',
    bins,
    (i) => counts[i] ?? 0,
    ['1411', '439', '214', '100', '62', '38', '29', '64'],
    PRINTED,
  );
  const columns = [
    ['actual', actual, '.237 .697 1.393 1.560 2.532 2.947 3.862 6.359'],
    [
      'pareto_nbd',
      expectedOf(table, forecasters.pareto_nbd, HOLDOUT_WEEKS),
      '.138 .600 1.196 1.714 2.399 2.907 3.819 6.403',
    ],
    [
      'bg_nbd',
      expectedOf(table, forecasters.bg_nbd, HOLDOUT_WEEKS),
      '.225 .523 1.044 1.520 2.164 2.654 3.504 6.157',
    ],
  ] as const;
  for (const [name, values, printed] of columns) {
    const sum = sums(values);
    const mean = (i: number): number => (sum[i] ?? 0) / (counts[i] ?? 0);
    const how = name === 'pareto_nbd' ? BTYD : PRINTED;
    group.addAll(`${name} mean by x`, bins, mean, printed.split(' '), how);
  }
}

/** Fits at each origin to what was known then, thirteen weeks ahead. */
function addRollingBias(group: ParityGroup, { history }: CdnowStudy): void {
  const origins = [
    ['1997-06-30', '.046'],
    ['1997-09-30', '-.130'],
    ['1997-12-31', '-.027'],
    ['1998-03-31', '.132'],
  ] as const;
  for (const [origin, reference] of origins) {
    const from = dayOf(origin);
    const table = history.table(from, 'week');
    const forecaster = new PurchaseForecaster(fitPurchases(table, 'pareto_nbd').requested);
    const expected = total(expectedOf(table, forecaster, 13));
    const happened = total(history.actuals(table.customerIds, from, from + 91).purchases);
    group.add(`pareto_nbd bias from ${origin}`, expected / happened - 1, reference, PRINTED);
  }
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
