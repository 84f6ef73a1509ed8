import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  fitPurchases,
  PurchaseHistory,
  type CustomerTable,
  type PurchaseModelKind,
} from '@kiki/clv';
import { OrderLogReader } from '@kiki/orderlog';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { ratios } from '../harness/statistics.js';
import type { MillionResult } from './fit/million-main.js';
import { lifetimesFit } from './fit/peer.js';
import { largeBench } from './large-bench.js';
import { dayOf, ltvFile } from './parity/raw-log.js';

const MILLION = 1_000_000;
const CALIBRATION_END = dayOf('1997-09-30');
/** Fits that warm the compiler up. */
const WARM_UPS = 5;

/**
 * How fast logs become statistics and statistics models, and with how much memory. Judged is processor time, of all
 * threads: on an idle machine the time on the clock, which is printed too, is no longer; on a shared one that says how
 * busy the others are.
 */
export const fitBench: Benchmark = {
  name: 'value.fit',
  about:
    'CDNOW to statistics and models, a million simulated customers, 20 million rows; lifetimes beside where installed',
  targets: [
    { figure: '69,659 rows to statistics, processor', relation: '<=', bound: 400 },
    { figure: 'BG/NBD, 2,357 customers, processor', relation: '<=', bound: 20 },
    { figure: 'BG/NBD, 23,570 customers, processor', relation: '<=', bound: 60 },
    { figure: 'Pareto/NBD, 23,570 customers, processor', relation: '<=', bound: 1000 },
    { figure: 'BG/NBD, 1,000,000 customers, processor', relation: '<=', bound: 5000 },
    {
      figure: 'BG/NBD, 1,000,000 customers, no two alike, processor',
      relation: '<=',
      bound: 5000,
    },
    { figure: 'resident memory, 1,000,000 customers', relation: '<=', bound: 1024 },
    { figure: 'parameters beyond 4 s.e. of the truth', relation: '<=', bound: 0 },
    ...largeBench.targets,
  ],
  run: async (options) => {
    options.note(`load of the machine before: ${loadavg()[0]?.toFixed(2)}`);
    const figures = [
      ...cdnowFigures(options),
      ...(await millionFigures(options)),
      ...(await largeBench.run(options)),
    ];
    options.note(`load of the machine after: ${loadavg()[0]?.toFixed(2)}`);
    return figures;
  },
};

function cdnowFigures({ rounds, note }: BenchOptions): Figure[] {
  const [small, full] = [
    readFileSync(ltvFile('CDNOW_sample.txt')),
    readFileSync(ltvFile('CDNOW_master.txt')),
  ];
  const reading = timed(rounds, 1, () => statisticsOf(full));
  note('log read');
  const [sample, all] = [statisticsOf(small), statisticsOf(full)];
  const fit = (table: CustomerTable, kind: PurchaseModelKind): Samples =>
    timed(Math.max(rounds, 5), WARM_UPS, () => fitPurchases(table, kind));
  const figures = [
    ...figuresOf('69,659 rows to statistics', reading),
    ...figuresOf('BG/NBD, 2,357 customers', fit(sample, 'bg_nbd')),
    ...figuresOf('BG/NBD, 23,570 customers', fit(all, 'bg_nbd')),
    ...figuresOf('MBG/NBD, 23,570 customers', fit(all, 'mbg_nbd')),
    ...figuresOf('Pareto/NBD, 23,570 customers', fit(all, 'pareto_nbd')),
  ];
  note('CDNOW fitted');
  const ours = figures.find(({ name }) => name === 'BG/NBD, 23,570 customers')?.samples ?? [];
  return [...figures, ...peerFigures(all, ours, note)];
}

/** `ours`: milliseconds of our fit to the same table. */
function peerFigures(
  table: CustomerTable,
  ours: readonly number[],
  note: BenchOptions['note'],
): Figure[] {
  const theirs = lifetimesFit(table, ours.length);
  if (theirs === undefined) {
    note('no peer: python3 has no lifetimes here');
    return [];
  }
  return [
    { name: 'lifetimes BG/NBD, 23,570 customers', unit: 'ms', samples: theirs },
    { name: 'BG/NBD, lifetimes / ours', unit: 'ratio', samples: ratios(theirs, ours) },
  ];
}

function statisticsOf(log: Uint8Array): CustomerTable {
  const history = new PurchaseHistory();
  const reader = new OrderLogReader({ currency: 'USD', derivesIds: false });
  for (const row of reader.readSync([log])) history.add(row);
  return history.table(CALIBRATION_END, 'week');
}

async function millionFigures({ rounds, note }: BenchOptions): Promise<Figure[]> {
  const days: MillionResult[] = [];
  const continuous: MillionResult[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    days.push(await million('days'));
    continuous.push(await million('continuous'));
    note(`one million customers, round ${round + 1}`);
  }
  const both = [...days, ...continuous];
  const times = (results: readonly MillionResult[]): Samples => ({
    wallMs: results.map(({ fitMs }) => fitMs),
    processorMs: results.map(({ processorMs }) => processorMs),
  });
  return [
    ...figuresOf('BG/NBD, 1,000,000 customers', times(days)),
    ...figuresOf('BG/NBD, 1,000,000 customers, no two alike', times(continuous)),
    {
      name: 'resident memory, 1,000,000 customers',
      unit: 'MiB',
      samples: both.map(({ residentMiB }) => residentMiB),
    },
    {
      name: 'parameters beyond 4 s.e. of the truth',
      unit: 'parameters',
      // Whole days are rounded times, which no model is of: only times as they were simulated are judged.
      samples: continuous.map(beyond),
    },
  ];
}

function beyond({ truth, parameters, standardErrors }: MillionResult): number {
  return Object.entries(truth).filter(([name, value]) => {
    const error = standardErrors?.[name] ?? 0;
    return !(Math.abs((parameters[name] ?? NaN) - value) <= 4 * error);
  }).length;
}

function million(times: 'days' | 'continuous'): Promise<MillionResult> {
  const script = fileURLToPath(new URL('./fit/million-main.js', import.meta.url));
  const child = fork(script, [String(MILLION), times], { execArgv: [] });
  return new Promise((resolve, reject) => {
    let result: MillionResult | undefined;
    child.once('message', (message) => (result = message as MillionResult));
    child.once('exit', (code) => {
      if (result !== undefined) resolve(result);
      else reject(new Error(`the fit of one million customers ended with ${code}`));
    });
  });
}

interface Samples {
  readonly wallMs: readonly number[];
  /** All threads: compiler and garbage collector too. */
  readonly processorMs: readonly number[];
}

function figuresOf(name: string, { wallMs, processorMs }: Samples): Figure[] {
  return [
    { name, unit: 'ms', samples: wallMs },
    { name: `${name}, processor`, unit: 'ms', samples: processorMs },
  ];
}

function timed(rounds: number, warmUps: number, work: () => unknown): Samples {
  for (let i = 0; i < warmUps; i++) work();
  const [wallMs, processorMs]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    const processor = process.cpuUsage();
    const started = performance.now();
    work();
    wallMs.push(performance.now() - started);
    const { user, system } = process.cpuUsage(processor);
    processorMs.push((user + system) / 1000);
  }
  return { wallMs, processorMs };
}
