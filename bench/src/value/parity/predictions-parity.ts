import {
  expectedSpendMicros,
  purchaseKind,
  rowOf,
  zilnLoss,
  zilnMean,
  type PurchaseModelKind,
} from '@kiki/clv';
import { observed, printedModel, type CdnowStudy } from './cdnow-study.js';
import { BTYD, BTYD_BG, ParityGroup, PRINTED } from './parity-row.js';

/** Predictions at the fitted optimum of the sample, as BTYD and lifetimes print them. */
export function samplePredictions(study: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW sample, predictions');
  const { bg_nbd: bg, pareto_nbd: pareto } = study.forecasters;
  const times = [0.1429, 1, 3, 31.8571, 32];
  group.addAll(
    'bg_nbd E[X(t)]',
    times,
    (i) => bg.expectedNewPurchases(times[i] ?? 0),
    ['.0078', '.0532', '.1506', '1.0405', '1.0437'],
    PRINTED,
  );
  // lifetimes asserts three decimals, at a fit of its own.
  const far = { relative: 2e-4 };
  group.add('bg_nbd E[X(t)] [78]', bg.expectedNewPurchases(78), '1.8576', far);
  group.add('bg_nbd E[X(52)]', bg.expectedNewPurchases(52), '1.444004', { relative: 1e-5 });
  group.add('pareto_nbd E[X(52)]', pareto.expectedNewPurchases(52), '1.473434', PRINTED);
  const first = observed(2, 30.43, 38.86);
  group.add('bg_nbd CET(39 | 2, 30.43, 38.86)', bg.expectedPurchases(first, 39), '1.226', PRINTED);
  const best = observed(26, 30 + 6 / 7, 31);
  // Printed by BTYD at its own fit; lifetimes asserts these to .01 and .001.
  const near = { relative: 1e-4 };
  group.add('customer 1516, pareto_nbd CET', pareto.expectedPurchases(best, 52), '25.45647', near);
  group.add('customer 1516, bg_nbd CET', bg.expectedPurchases(best, 52), '25.75659', near);
  const sure = { absolute: 3e-6 };
  group.add('customer 1516, pareto_nbd P(alive)', pareto.aliveProbability(best), '.997874', sure);
  group.add('customer 1516, bg_nbd P(alive)', bg.aliveProbability(best), '.9688523', sure);
  addIncreasingFrequency(group, study);
  addSpend(group, study);
  addFirstCustomer(group, study);
  return group;
}

/** The paradox of frequency: of customers equally long silent the more frequent ones are less likely alive. */
function addIncreasingFrequency(group: ParityGroup, { forecasters }: CdnowStudy): void {
  const frequencies = [10, 15, 20, 25];
  const references = {
    pareto_nbd: ['.70623', '.14424', '.02251', '.00309'],
    bg_nbd: ['.34746', '.04283', '.00416', '.00036'],
  };
  for (const kind of ['pareto_nbd', 'bg_nbd'] as const) {
    const ours = (i: number): number =>
      forecasters[kind].expectedPurchases(observed(frequencies[i] ?? 0, 20, 39), 52);
    const how = kind === 'bg_nbd' ? BTYD_BG : BTYD;
    group.addAll(`${kind} CET(52 | x, 20, 39)`, frequencies, ours, references[kind], how);
  }
}

/** lifetimes' first ten customers. */
function addSpend(group: ParityGroup, { table, spend }: CdnowStudy): void {
  const printed = '24.65 18.91 35.17 35.17 35.17 71.46 18.91 35.17 27.28 35.17'.split(' ');
  const ours = (i: number): number => {
    const { frequency, spendMeanMicros } = rowOf(table, i);
    return expectedSpendMicros(spend.model, frequency, spendMeanMicros) / 1e6;
  };
  const customers = printed.map((_, i) => i + 1);
  group.addAll('gamma_gamma E[M | customer]', customers, ours, printed, PRINTED);
}

/** Twelve months of the first customer at 1 % a month, each month discounted at its end, as the peers do. */
function addFirstCustomer(group: ParityGroup, { table, forecasters, spend }: CdnowStudy): void {
  const first = rowOf(table, 0);
  const dollars = expectedSpendMicros(spend.model, first.frequency, first.spendMeanMicros) / 1e6;
  let [value, before] = [0, 0];
  for (let month = 1; month <= 12; month++) {
    const until = forecasters.bg_nbd.expectedPurchases(first, (month * 30.4375) / 7);
    value += (dollars * (until - before)) / 1.01 ** month;
    before = until;
  }
  group.add('customer 1, 12 months, $ (35.9 to 36.3)', value, '36.1', { absolute: 0.2 });
}

/** Probabilities, discounted values and extremes, at parameters in print. */
export function printedParameters({ forecasters }: CdnowStudy): ParityGroup {
  const group = new ParityGroup('pmf, DERT, stability');
  const bg = printedModel('bg_nbd', { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 });
  group.add('bg_nbd P(10 in 2)', bg.newPurchasesProbability(10, 2), '1.07869e-07', PRINTED);
  group.add('bg_nbd P(0 in 39)', bg.newPurchasesProbability(0, 39), '.5737864', PRINTED);
  group.addAll(
    'bg_nbd P(n in 30)',
    [11, 12, 13, 14],
    (i) => bg.newPurchasesProbability(11 + i, 30),
    ['.0019995214', '.0015170236', '.0011633150', '.0009003148'],
    PRINTED,
  );
  group.add('pareto_nbd DERT', paretoDert(), '1.86418', PRINTED);
  addStability(group);
  const lost = forecasters.bg_nbd.aliveProbability(observed(1000, 10, 100));
  group.add('bg_nbd P(alive | 1000, 10, 100)', lost, '0', { absolute: 1e-12 });
  const pareto = printedModel('pareto_nbd', { r: 0.55, alpha: 10.58, s: 0.61, beta: 11.67 });
  group.addAll(
    'pareto_nbd CET(10 | x, 200, 200)',
    [132, 133],
    (i) => pareto.expectedPurchases(observed(132 + i, 200, 200), 10),
    ['6.20605', '6.25287'],
    PRINTED,
  );
  let unlikely = 0;
  for (let x = 161; x <= 254; x++) {
    const alive = forecasters.pareto_nbd.aliveProbability(observed(x, 35, 38.86));
    if (!(alive >= 0 && alive <= 1)) unlikely += 1;
  }
  group.add('pareto_nbd P(alive | 161…254) outside [0, 1]', unlikely, '0', PRINTED);
  addZiln(group);
  return group;
}

/** The zero-inflated log-normal's labels and logits of google/lifetime_value's own test. */
function addZiln(group: ParityGroup): void {
  const cases = [
    [0, [0.1, 0.2, 0.3], '.744397', '.923638'],
    [1.5, [0.4, 0.5, 0.6], '1.878373', '1.690755'],
  ] as const;
  for (const [label, logits, loss, mean] of cases) {
    group.add(`ziln loss of ${label}`, zilnLoss(label, logits), loss, PRINTED);
    group.add(`ziln mean of (${logits.join(', ')})`, zilnMean(logits), mean, PRINTED);
  }
}

/** BTYD's manual: x = 7, t_x = 35, T = 77.86, continuously discounted at .0027 a week, without end. */
function paretoDert(): number {
  const rate = 0.0027;
  const model = printedModel('pareto_nbd', {
    ...{ r: 0.5629966, alpha: 12.559037, s: 0.4081095, beta: 10.5148048 },
  });
  return model.discountedResidual(observed(7, 35, 77.86), Math.expm1((rate * 365.25) / 7));
}

function addStability(group: ParityGroup): void {
  const theta = [0.25, 4, 0.8, 2.5];
  const rows = [
    ['(0, 0, 40)', observed(0, 0, 40), '-.59947382', '-.41792826'],
    ['(200, 38, 40)', observed(200, 38, 40), '100.7957', '100.7869'],
  ] as const;
  for (const [name, row, bg, mbg] of rows) {
    group.add(`bg_nbd log p ${name}`, logLikelihoodOf('bg_nbd', theta, row), bg, PRINTED);
    group.add(`mbg_nbd log p ${name}`, logLikelihoodOf('mbg_nbd', theta, row), mbg, PRINTED);
  }
  const extreme = [10.465, 0.00798565, 3.0516, 2.82];
  const busy = [observed(400, 5, 6), observed(500, 1, 37), observed(500, 4, 37)];
  const broken = busy.filter(
    (row) => !Number.isFinite(logLikelihoodOf('pareto_nbd', extreme, row)),
  );
  group.add('pareto_nbd LL not finite at x = 400, 500', broken.length, '0', PRINTED);
}

function logLikelihoodOf(
  kind: PurchaseModelKind,
  theta: readonly number[],
  { frequency, recency, age }: ReturnType<typeof observed>,
): number {
  const column = (value: number): Float64Array => Float64Array.of(value);
  return purchaseKind(kind).logLikelihood(theta, {
    ...{ length: 1, customers: 1, maxFrequency: frequency },
    frequency: column(frequency),
    recency: column(recency),
    age: column(age),
    weight: column(1),
  });
}
