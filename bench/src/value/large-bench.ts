import { columnarMissing } from '@kiki/columnar';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { LARGE_LOG, writeLargeLog } from './large-log.js';
import type { LargeAnswer } from './large-main.js';

const ROWS = 20_000_000;
const SMALL_ROWS = 2_000_000;

/** A log larger than its reader's memory, from Parquet to a fitted model. */
export const largeBench: Benchmark = {
  name: 'value.large',
  about:
    '20 million simulated transactions in Parquet to statistics to a BG/NBD fit, in one process',
  targets: [
    { figure: 'Parquet: rows', relation: '>=', bound: ROWS },
    { figure: 'Parquet: peak memory', relation: '<=', bound: 1536 },
  ],
  run: async ({ note }: BenchOptions) => {
    const missing = await columnarMissing();
    if (missing !== undefined) {
      note(missing);
      return [];
    }
    const folder = mkdtempSync(join(tmpdir(), 'kiki-large-'));
    try {
      const small = await measure(join(folder, 'small.parquet'), SMALL_ROWS, note);
      const large = await measure(join(folder, 'large.parquet'), ROWS, note);
      return figuresOf(small, large);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  path: string,
  rows: number,
  note: BenchOptions['note'],
): Promise<LargeAnswer> {
  note(`writing ${rows} rows`);
  await writeLargeLog(path, rows, 1);
  note('reading and fitting');
  const child = fork(fileURLToPath(new URL('large-main.js', import.meta.url)), [path]);
  return new Promise((resolve, reject) => {
    child.once('message', (answer: LargeAnswer) => resolve(answer));
    child.once('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
  });
}

function figuresOf(small: LargeAnswer, large: LargeAnswer): Figure[] {
  const one = (name: string, unit: string, sample: number): Figure => ({
    name,
    unit,
    samples: [sample],
  });
  const errors = Object.entries(LARGE_LOG).map(
    ([name, truth]) => Math.abs((large.parameters[name] ?? NaN) / truth - 1) * 100,
  );
  return [
    one('Parquet: rows', 'rows', large.rows),
    one('Parquet: customers', 'customers', large.customers),
    one('Parquet: statistics', 's', large.statisticsMs / 1000),
    one('Parquet: fit', 's', large.fitMs / 1000),
    one('Parquet: rows per second', 'rows/s', (large.rows / large.statisticsMs) * 1000),
    one('Parquet: peak memory', 'MiB', large.peakMiB),
    one(`Parquet: peak memory of ${SMALL_ROWS} rows`, 'MiB', small.peakMiB),
    // Days round the times and merge purchases, which no model is of.
    one('Parquet: parameters beside the simulated ones', '%', Math.max(...errors)),
  ];
}
