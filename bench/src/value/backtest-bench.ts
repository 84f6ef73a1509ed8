import { Ensemble, fitEnsemble, populationStability, rowOf, type PurchaseHistory } from '@kiki/clv';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import {
  coverageFrom,
  frequencyLines,
  judgementTable,
  judgeWindow,
  type JudgedForecast,
} from './backtest/judged-window.js';
import { HOLDOUT, ROLLING, WINDOWS } from './backtest/windows.js';
import { readRawLog } from './parity/raw-log.js';

const FILES = { sample: 'CDNOW_sample.txt', full: 'CDNOW_master.txt' } as const;

/** Repeat purchases of those who matter most. */
const OFTEN = 7;

/** Forecasts of what had not happened yet, ours beside published models. */
export const backtestBench: Benchmark = {
  name: 'value.backtest',
  about: 'CDNOW, 39 weeks and four rolling quarters: the ensemble beside Pareto/NBD, BG/NBD, naive',
  targets: [
    { figure: 'sample 39 wk: MAE', relation: '<=', bound: 0.79 },
    { figure: 'sample 39 wk: normalised Gini', relation: '>=', bound: 0.672 },
    { figure: 'sample 39 wk: decile MAPE', relation: '<=', bound: 0.185 },
    { figure: 'sample 39 wk: MAE of the median', relation: '<=', bound: 0.755 },
    { figure: 'full, 4 origins: mean |bias|', relation: '<=', bound: 0.06 },
    { figure: 'full: least coverage of 7 or more', relation: '>=', bound: 0.88 },
    ...(['sample', 'full'] as const).flatMap((size) => [
      { figure: `${size}: least coverage`, relation: '>=' as const, bound: 0.88 },
      { figure: `${size}: greatest coverage`, relation: '<=' as const, bound: 0.97 },
      { figure: `${size}: totals held of 5`, relation: '>=' as const, bound: 5 },
      { figure: `${size}: interval score / Pareto's`, relation: '<=' as const, bound: 0.8 },
    ]),
  ],
  run: async ({ note }) => {
    const sample = await judgeFile('sample', note);
    const full = await judgeFile('full', note);
    return [...accuracy(sample, full), ...intervals('sample', sample), ...intervals('full', full)];
  },
};

async function judgeFile(
  size: keyof typeof FILES,
  note: BenchOptions['note'],
): Promise<JudgedForecast[]> {
  const { history, rows } = await readRawLog(FILES[size], { currency: 'USD' });
  const judged = WINDOWS.flatMap((window) => judgeWindow(history, window));
  note('');
  note(`CDNOW ${size}: ${history.size} customers, ${rows} rows; refitted at each origin`);
  for (const line of judgementTable(judged)) note(`  ${line}`);
  note('  coverage of customers by repeat purchases (predicted / actual − 1), ensemble:');
  for (const line of frequencyLines(of(judged, 'ensemble'))) note(`    ${line}`);
  note(`  drift of the ensemble's forecast from origin to origin, PSI: ${drift(history)}`);
  return judged;
}

/** How the distribution of the forecast moves between origins. */
function drift(history: PurchaseHistory): string {
  const forecasts = ROLLING.map(({ endDay, horizonDays }) => {
    const log = history.log(endDay);
    const ensemble = new Ensemble(fitEnsemble(log));
    const table = log.table('week');
    return table.customerIds.map((_, i) =>
      ensemble.expectedPurchases(rowOf(table, i), horizonDays),
    );
  });
  return forecasts
    .slice(1)
    .map((now, i) => populationStability(forecasts[i] ?? [], now)?.toFixed(2) ?? '–')
    .join(', ');
}

function of(judged: readonly JudgedForecast[], contestant: string): JudgedForecast[] {
  return judged.filter((row) => row.contestant === contestant);
}

function accuracy(sample: readonly JudgedForecast[], full: readonly JudgedForecast[]): Figure[] {
  const holdout = of(sample, 'ensemble').find(({ window }) => window === HOLDOUT.name);
  const meanBias = (contestant: string): number => {
    const rolling = of(full, contestant).filter(({ window }) => window !== HOLDOUT.name);
    return mean(rolling.map(({ scores }) => Math.abs(scores.bias ?? NaN)));
  };
  return [
    figure('sample 39 wk: MAE', holdout?.scores.mae),
    figure('sample 39 wk: normalised Gini', holdout?.scores.normalizedGini),
    figure('sample 39 wk: decile MAPE', holdout?.scores.decileMape, 'ratio'),
    figure('sample 39 wk: MAE of the median', holdout?.medianMae),
    figure('full, 4 origins: mean |bias|', meanBias('ensemble'), 'ratio'),
    figure('full, 4 origins: mean |bias| of Pareto/NBD', meanBias('Pareto/NBD'), 'ratio'),
    figure('full, 4 origins: mean |bias| of BG/NBD', meanBias('BG/NBD'), 'ratio'),
  ];
}

function intervals(size: string, judged: readonly JudgedForecast[]): Figure[] {
  const ours = of(judged, 'ensemble');
  const covered = ours.map(({ coverage }) => coverage ?? NaN);
  const often = ours.map(({ bins }) => coverageFrom(bins, OFTEN));
  const score = (contestant: string): number =>
    mean(of(judged, contestant).map(({ total }) => total?.score ?? NaN));
  const held = ours.filter(({ total }) => total?.isInside === true).length;
  return [
    figure(`${size}: least coverage`, Math.min(...covered), 'ratio'),
    figure(`${size}: greatest coverage`, Math.max(...covered), 'ratio'),
    figure(`${size}: least coverage of 7 or more`, Math.min(...often), 'ratio'),
    figure(`${size}: totals held of 5`, held, 'windows'),
    figure(`${size}: interval score / Pareto's`, score('ensemble') / score('Pareto/NBD'), 'ratio'),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function figure(name: string, value: number | null | undefined, unit = 'purchases'): Figure {
  return { name, unit: name.endsWith('Gini') ? 'ratio' : unit, samples: [value ?? NaN] };
}
