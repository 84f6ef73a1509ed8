import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { studyCdnow } from './parity/cdnow-study.js';
import { donations, subscriptions } from './parity/discrete-parity.js';
import { fullFits, sampleFits } from './parity/fits-parity.js';
import { fullHoldout, sampleHoldout } from './parity/holdout-parity.js';
import { sampleIntervals } from './parity/interval-parity.js';
import { agrees, parityTable, type ParityGroup } from './parity/parity-row.js';
import { printedParameters, samplePredictions } from './parity/predictions-parity.js';
import { onlineRetail, weeklyRepeats } from './parity/retail-parity.js';

const GROUPS = [
  'CDNOW sample, fits',
  'CDNOW sample, weekly',
  'CDNOW sample, predictions',
  'pmf, DERT, stability',
  'CDNOW sample, holdout',
  'CDNOW sample, intervals',
  'CDNOW full, fits',
  'CDNOW full, holdout',
  'donations, BG/BB',
  'subscriptions, sBG',
  'Online Retail',
];

const outside = (group: string): string => `outside: ${group}`;

/** Numbers in print beside ours, from the raw files. */
export const parityBench: Benchmark = {
  name: 'value.parity',
  about:
    'likelihoods, parameters, errors, predictions and scores in print, beside ours from raw files',
  targets: [
    ...GROUPS.map((group) => ({ figure: outside(group), relation: '<=' as const, bound: 0 })),
    { figure: 'numbers compared', relation: '>=', bound: 290 },
  ],
  run: async ({ note }) => {
    const groups = await computeGroups({ note });
    for (const { name, rows } of groups) {
      note('');
      note(name);
      for (const line of parityTable(rows)) note(`  ${line}`);
    }
    note('');
    note(
      'deciles and Gini are compared as the reference computed them (src/value/parity/holdout-scores.ts)',
    );
    note('not compared: what BTYDplus prints of a grocery log, which is not among the data');
    return figuresOf(groups);
  },
};

async function computeGroups({ note }: Pick<BenchOptions, 'note'>): Promise<ParityGroup[]> {
  const sample = await studyCdnow('CDNOW_sample.txt');
  note('sample read and fitted');
  const full = await studyCdnow('CDNOW_master.txt');
  note('all customers read and fitted');
  return [
    sampleFits(sample),
    weeklyRepeats(sample),
    samplePredictions(sample),
    printedParameters(sample),
    sampleHoldout(sample),
    sampleIntervals(sample),
    fullFits(full),
    fullHoldout(full),
    donations(),
    subscriptions(),
    await onlineRetail(),
  ];
}

function figuresOf(groups: readonly ParityGroup[]): Figure[] {
  const judged = groups.flatMap(({ rows }) => rows).filter((row) => row.tolerance < Infinity);
  return [
    ...groups.map(({ name, rows }) => ({
      name: outside(name),
      unit: `of ${rows.filter((row) => row.tolerance < Infinity).length} numbers`,
      samples: [rows.filter((row) => !agrees(row)).length],
    })),
    { name: 'numbers compared', unit: 'numbers', samples: [judged.length] },
    {
      name: 'numbers outside tolerance',
      unit: 'numbers',
      samples: [judged.filter((row) => !agrees(row)).length],
    },
  ];
}
