import { readFileSync } from 'node:fs';
import {
  DiscreteForecaster,
  fitBgBb,
  fitSubscriptions,
  type DiscreteObserved,
  type DiscreteRow,
} from '@kiki/clv';
import { ParityGroup, PRINTED } from './parity-row.js';
import { ltvFile } from './raw-log.js';

/** 11,104 donors over six years (Fader, Hardie, Shang 2010) by BG/BB. */
export function donations(): ParityGroup {
  const group = new ParityGroup('donations, BG/BB');
  const rows = donors();
  const fit = fitBgBb(rows);
  const model = new DiscreteForecaster(fit.requested);
  group.add('customers', fit.model.customers, '11104', PRINTED);
  group.add('bg_bb LL', fit.requested.logLikelihood, '-33225.58', PRINTED);
  const printed = { alpha: '1.2035', beta: '.7497', gamma: '.6567', delta: '2.7834' };
  for (const [name, value] of Object.entries(printed)) {
    group.add(`bg_bb ${name}`, fit.requested.parameters[name], value, PRINTED);
  }
  const fiveYears = rows.reduce(
    (sum, row) => sum + row.weight * model.expectedPurchases(row, 5),
    0,
  );
  group.add('sum of CET over 5 years', fiveYears, '12884.157', PRINTED);
  group.add('BTYD, sum of CET over 5 years', fiveYears, '12884.2', PRINTED);
  group.add('actual of 5 years', heldOut(), '13260', PRINTED);
  const people = [donor(0, 0), donor(2, 4), donor(6, 6)];
  group.addAll(
    'P(alive 2002)',
    ['(0, 0)', '(2, 4)', '(6, 6)'],
    (i) => model.aliveProbability(people[i] ?? donor(0, 0)),
    ['.11', '.59', '.93'],
    PRINTED,
  );
  // BTYD's own parameters, which are the optimum to four digits.
  const near = { relative: 1e-5 };
  group.add('E[X(10)]', model.expectedNewPurchases(10), '3.179805', near);
  group.add('10-year CET (0, 0)', model.expectedPurchases(donor(0, 0), 10), '.1302169', near);
  group.add('10-year CET (4, 5)', model.expectedPurchases(donor(4, 5), 10), '3.627858', {
    relative: 5e-5,
  });
  const expected =
    '.4985 .9233 1.2969 1.6323 1.9381 2.2202 2.4826 2.7285 2.9603 3.1798 3.3887'.split(' ');
  const years = expected.map((_, i) => i + 1);
  group.addAll('E[X(n)]', years, (i) => model.expectedNewPurchases(i + 1), expected, PRINTED);
  addDert(group);
  return group;
}

/** Inputs from BTYD's manual. */
function addDert(group: ParityGroup): void {
  const parameters = { alpha: 1.2, beta: 0.75, gamma: 0.66, delta: 2.78 };
  const model = new DiscreteForecaster({ kind: 'bg_bb', parameters });
  group.add('DERT (3, 4)', model.discountedResidual(donor(3, 4), 0.1), '1.62138', PRINTED);
  group.addAll(
    'DERT (x, 6)',
    [1, 2, 3, 4, 5, 6],
    (i) => model.discountedResidual(donor(i + 1, 6), 0.1),
    ['1.8020', '2.6212', '3.4403', '4.2594', '5.0785', '5.8976'],
    PRINTED,
  );
}

/** Two cohorts of 1,000 subscribers (Fader, Hardie 2007) by the shifted-beta-geometric. */
export function subscriptions(): ParityGroup {
  const group = new ParityGroup('subscriptions, sBG');
  const cohorts = [
    ['Regular', [1000, 631, 468, 382, 326, 289, 262, 241], '-1680.265', '.7041', '1.1820'],
    ['High-end', [1000, 869, 743, 653, 593, 551, 517, 491], '-1611.158', '.6681', '3.8061'],
  ] as const;
  for (const [name, survivors, logLikelihood, alpha, beta] of cohorts) {
    const { model } = fitSubscriptions([survivors]);
    group.add(`${name} LL`, model.logLikelihood, logLikelihood, PRINTED);
    group.add(`${name} alpha`, model.parameters['alpha'], alpha, PRINTED);
    group.add(`${name} beta`, model.parameters['beta'], beta, PRINTED);
  }
  return group;
}

function donor(frequency: number, recency: number): DiscreteObserved {
  return { frequency, recency, opportunities: 6 };
}

function donors(): DiscreteRow[] {
  return numbersOf('donations.csv').map(
    ([frequency = 0, recency = 0, opportunities = 0, weight = 0]) => ({
      ...{ frequency, recency, opportunities, weight },
    }),
  );
}

function heldOut(): number {
  const rows = numbersOf('donations_rf_matrix_with_holdout.csv');
  return rows.reduce((sum, row) => sum + (row[4] ?? 0), 0);
}

function numbersOf(file: string): number[][] {
  const lines = readFileSync(ltvFile(file), 'utf8').trim().split(/\r?\n/).slice(1);
  return lines.map((line) => line.split(',').map(Number));
}
