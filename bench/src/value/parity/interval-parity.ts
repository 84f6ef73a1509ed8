import {
  Ensemble,
  forecastTotal,
  plainModel,
  PosteriorCustomer,
  rowOf,
  spendQuantiles,
  type CustomerStatistics,
} from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { CALIBRATION_END, HOLDOUT_END, HOLDOUT_WEEKS, type CdnowStudy } from './cdnow-study.js';
import { ascendingDecileMape } from './holdout-scores.js';
import { ParityGroup, SHOWN } from './parity-row.js';

const DRAWS = 3000;
const TIE_ORDERS = 300;
/** Two simulations of so many draws differ by this; the ends of intervals of counts are counts. */
const SIMULATED_SHARE = { absolute: 0.006 };
const SIMULATED_TOTAL = { absolute: 12 };

/**
 * Pareto/NBD's intervals over the 39 weeks: 90 % of customers and 95 % of the total with the fitted parameters taken
 * for the truth, simulated as the reference did; 90 % of the total with their uncertainty.
 */
export function sampleIntervals(study: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW sample, intervals');
  const { table, history, spend } = study;
  const rows = table.customerIds.map((_, i) => rowOf(table, i));
  const actual = history.actuals(table.customerIds, CALIBRATION_END, HOLDOUT_END);
  const drawn = drawCustomers(study, rows);
  const covered = drawn.tails.filter(([low, high], i) => isWithin(actual.purchases[i], low, high));
  group.add('x* covered of 90 %', covered.length / rows.length, '.952', SIMULATED_SHARE);
  const plain = new Ensemble(plainModel(history.log(CALIBRATION_END), 'pareto_nbd'));
  const horizonDays = HOLDOUT_WEEKS * 7;
  const dollars = rows.filter((row, i) => {
    const asked = { model: spend.model, customer: row };
    const [low, high] = spendQuantiles(plain.mixture(row, horizonDays), asked, [0.05, 0.95]);
    return isWithin(actual.spendMicros[i], (low ?? NaN) - 1, (high ?? NaN) + 1);
  });
  group.add('$ covered of 90 %', dollars.length / rows.length, '.924', SIMULATED_SHARE);
  group.add('95 % of the total, low', drawn.total[0], '1528', SIMULATED_TOTAL);
  group.add('95 % of the total, high', drawn.total[1], '1802', SIMULATED_TOTAL);
  const levels = [0.05, 0.95];
  const [low, high] = forecastTotal(plain, rows, { horizonDays, levels }).quantiles;
  // The reference drew parameters, ours is the delta method and log-normal.
  const near = { relative: 1e-2 };
  group.add('90 % with parameters, low', low?.purchases, '1469', near);
  group.add('90 % with parameters, high', high?.purchases, '1892', near);
  addTies(group, study, actual.purchases);
  return group;
}

function isWithin(value: number | undefined, low: number, high: number): boolean {
  return value !== undefined && value >= low && value <= high;
}

/** 5 % and 95 % of each customer's draws, 2.5 % and 97.5 % of their total's. */
function drawCustomers({ fits }: CdnowStudy, rows: readonly CustomerStatistics[]) {
  const random = new SeededRandom(1);
  const totals = new Float64Array(DRAWS);
  const tails = rows.map((row) => {
    const customer = new PosteriorCustomer(fits.pareto_nbd.requested, row);
    const draws = Float64Array.from(totals, () => customer.drawPurchases(HOLDOUT_WEEKS, random));
    draws.forEach((draw, k) => (totals[k] = (totals[k] ?? 0) + draw));
    return quantilesOf(draws, 0.05);
  });
  return { tails, total: quantilesOf(totals, 0.025) };
}

function quantilesOf(draws: Float64Array, tail: number): readonly [number, number] {
  const sorted = draws.toSorted();
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
  return [at(tail), at(1 - tail)];
}

/** How far the order of equal predictions moves BG/NBD's decile MAPE; the reference does not say which it took. */
function addTies(group: ParityGroup, study: CdnowStudy, actual: Float64Array): void {
  const { table, forecasters } = study;
  const random = new SeededRandom(2);
  const expected = table.customerIds.map((_, i) =>
    forecasters.bg_nbd.expectedPurchases(rowOf(table, i), HOLDOUT_WEEKS),
  );
  const scores = Array.from({ length: TIE_ORDERS }, () => {
    const shuffled = expected
      .map((_, i) => ({ i, key: random.nextDouble() }))
      .sort((a, b) => a.key - b.key);
    const inOrder = (values: ArrayLike<number>): Float64Array =>
      Float64Array.from(shuffled, ({ i }) => values[i] ?? NaN);
    return ascendingDecileMape(inOrder(expected), inOrder(actual));
  });
  group.add('bg_nbd decile MAPE, least of orders of ties', Math.min(...scores), '.178', SHOWN);
  group.add('bg_nbd decile MAPE, greatest of orders of ties', Math.max(...scores), '.213', SHOWN);
}
