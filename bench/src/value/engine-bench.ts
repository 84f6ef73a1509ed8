import {
  Ensemble,
  fitEnsemble,
  fitPurchases,
  PurchaseForecaster,
  rowOf,
  type Forecaster,
  type Observed,
  type PurchaseModelKind,
} from '@kiki/clv';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { CALIBRATION_END } from './parity/cdnow-study.js';
import { readRawLog } from './parity/raw-log.js';

const KINDS: readonly PurchaseModelKind[] = [
  ...(['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd', 'ggompertz_nbd'] as const),
];
const YEAR = { horizonDays: 365, annualDiscountRate: 0.1 };
/** Customers per sample. */
const ASKED = 50_000;
/** Exponentials that one customer is compared with. */
const YARDSTICK = 100;
const KNOWN = 'ensemble, forecast, whole days';
const UNKNOWN = 'ensemble, forecast, no two ages alike';
const INTERVAL = 'ensemble, interval';

/**
 * How long the mathematics of one customer's value takes: processor time, beside a loop of exponentials in the same
 * run. Forecasts are of a year, discounted.
 */
export const engineBench: Benchmark = {
  name: 'value.engine',
  about: 'one customer’s discounted year by each model and the ensemble, beside exponentials',
  targets: [KNOWN, INTERVAL].map((name) => ({
    figure: name,
    relation: '<=' as const,
    bound: 3,
  })),
  run: async ({ rounds, note }: BenchOptions) => {
    const { history } = await readRawLog('CDNOW_sample.txt', { currency: 'USD' });
    const log = history.log(CALIBRATION_END);
    const table = log.table('week');
    const rows = table.customerIds.map((_, i) => rowOf(table, i));
    const ensemble = new Ensemble(fitEnsemble(log));
    note('fitted');
    const forecast = (by: Forecaster) => (row: Observed) => {
      return by.forecastFrom(row, by.ifAlive(row, YEAR)).expectedPurchases;
    };
    const work: [name: string, (row: Observed) => number][] = [
      ...KINDS.map((kind): [string, (row: Observed) => number] => {
        return [kind, forecast(new PurchaseForecaster(fitPurchases(table, kind).requested))];
      }),
      [KNOWN, forecast(ensemble)],
      [UNKNOWN, neverAlike(forecast(ensemble))],
      [INTERVAL, (row) => ensemble.interval(row, { horizonDays: 365, level: 0.9 }).high],
    ];
    const yardstick = measure(rows, rounds, exponentials);
    const unit = median(yardstick) / YARDSTICK;
    return [
      { name: `${YARDSTICK} exponentials`, unit: 'µs', samples: yardstick },
      ...work.flatMap(([name, of]): Figure[] => {
        const samples = measure(rows, rounds, of);
        const ratios = samples.map((microseconds) => microseconds / unit);
        return [
          { name, unit: 'µs', samples },
          { name: `${name}, in exponentials`, unit: 'exponentials', samples: ratios },
        ];
      }),
    ];
  },
};

/** Processor time of one customer, µs. */
function measure(
  rows: readonly Observed[],
  rounds: number,
  work: (row: Observed) => number,
): number[] {
  const once = (): number => {
    let sum = 0;
    for (let i = 0; i < ASKED; i++) sum += work(rows[i % rows.length] ?? NOBODY);
    return sum;
  };
  once();
  return Array.from({ length: Math.max(rounds, 5) }, () => {
    const before = process.cpuUsage();
    const sum = once();
    const { user, system } = process.cpuUsage(before);
    if (!Number.isFinite(sum)) throw new Error('a forecast is not a number');
    return (user + system) / ASKED;
  });
}

const NOBODY: Observed = { frequency: 0, recency: 0, age: 0 };

function exponentials({ age }: Observed): number {
  let sum = 0;
  for (let i = 0; i < YARDSTICK; i++) sum += Math.exp(-0.001 * age * i);
  return sum;
}

/** Customers whose age nobody has had before, so that nothing kept helps. */
function neverAlike(work: (row: Observed) => number): (row: Observed) => number {
  let asked = 0;
  return ({ frequency, recency, age }) =>
    work({ frequency, recency, age: age + 1e-7 * (asked += 1) });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
