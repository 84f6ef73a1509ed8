/**
 * Goal: moments of future spends are Gamma-Gamma's, also where its tail is heavy, and errors of its parameters move a sum
 * of expectations as the delta method says. Method: drawn customers; bounds; refits of drawn parameters.
 */
import { expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { gammaVariate } from '../numerics/sampling.js';
import { expectedSpendMicros, type SpendModel } from '../spend-model.js';
import { spendMoments, SpendSensitivity } from './spend-moments.js';

function gammaGamma(p: number, q: number, v: number): SpendModel {
  return {
    kind: 'gamma_gamma',
    parameters: { p, q, v },
    parameterNames: ['p', 'q', 'v'],
    logLikelihood: null,
    standardErrors: null,
    logCovariance: [0.0362605, -0.00991299, 0.00600441, -0.0497635, 0.017155, 0.0725393],
    populationMeanMicros: ((p * v) / (q - 1)) * 1e6,
    customers: 946,
    zeroSpendCustomers: 0,
    frequencySpendCorrelation: null,
  };
}

/** Mean and variance of what `counts` purchases of drawn customers bring, in units. */
function drawn(draws: number, shape: number, p: number, scale: number): [number, number] {
  const random = new SeededRandom(testSeed());
  let [sum, squares] = [0, 0];
  for (let i = 0; i < draws; i++) {
    const n = i % 4;
    const nu = gammaVariate(random, shape, scale);
    const spent = n === 0 ? 0 : gammaVariate(random, p * n, nu);
    sum += spent;
    squares += spent * spent;
  }
  return [sum / draws, squares / draws - (sum / draws) ** 2];
}

it('knows mean and variance of the spend of customers who buy 0 to 3 times', () => {
  const model = gammaGamma(6.25, 8, 40);
  const known = { frequency: 2, spendMeanMicros: 30e6 };
  const { mean, perPurchase, perSquare } = spendMoments(model, known, 1000);
  const [count, square] = [1.5, 3.5];
  const variance = perPurchase * count + perSquare * square - (mean * count) ** 2;
  const [drawnMean, drawnVariance] = drawn(200_000, 8 + 6.25 * 2, 6.25, 40 + 60);
  expect((mean * count) / 1e6 / drawnMean).toBeCloseTo(1, 2);
  expect(Math.abs(variance / 1e12 / drawnVariance - 1)).toBeLessThan(0.03);
});

it('takes each spend to be the mean where there is no more to know', () => {
  const mean: SpendModel = { ...gammaGamma(1, 2, 3), kind: 'mean', parameters: { mean: 20 } };
  const model = { ...mean, parameterNames: ['mean'], populationMeanMicros: 20e6 };
  const moments = spendMoments(model, { frequency: 3, spendMeanMicros: 9e6 }, 10);
  expect(moments).toEqual({ mean: 20e6, perPurchase: 0, perSquare: 400e12 });
  expect(new SpendSensitivity(model).newSums()).toHaveLength(0);
});

it('keeps a heavy tail finite, grows with the segment and meets the exact value', () => {
  const newcomer = { frequency: 0, spendMeanMicros: undefined };
  const at = (q: number, customers: number): number =>
    spendMoments(gammaGamma(2, q, 10), newcomer, customers).perPurchase / 1e12;
  for (const q of [1.01, 1.5, 2, 2.5, 2.999]) {
    const values = [10, 1000, 1e6].map((customers) => at(q, customers));
    expect(values.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  }
  // p v² / ((q − 1)(q − 2)), of which a segment of a million sees nearly all.
  const exact = (2 * 100) / (1.999 * 0.999);
  expect(at(2.999, 1e6)).toBeLessThan(exact);
  expect(at(2.999, 1e6) / exact).toBeGreaterThan(0.98);
});

it('says how far errors of the parameters move the expected spend', () => {
  const model = gammaGamma(6.2496, 3.7442, 15.4435);
  const sensitivity = new SpendSensitivity(model);
  const sums = sensitivity.newSums();
  const known = { frequency: 0, spendMeanMicros: undefined };
  sensitivity.add(sums, known, 3);
  // pv/(q − 1): gradient (1, −q/(q − 1), 1) by the logs.
  const slope = -3.7442 / 2.7442;
  const [pp, pq, qq, pv, qv, vv] = model.logCovariance as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const variance = pp + slope * slope * qq + vv + 2 * (slope * pq + pv + slope * qv);
  expect(sensitivity.deviation(sums)).toBeCloseTo(Math.sqrt(variance), 6);
  expect(expectedSpendMicros(model, 0, undefined)).toBeCloseTo((sums[0] ?? 0) / 3 / 1.001, -5);
});
