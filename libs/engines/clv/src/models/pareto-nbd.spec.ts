/**
 * Goal: Pareto/NBD's formulas are right for any history and either order of alpha and beta. Method: values from
 * mpmath with 40 digits, by the hypergeometric forms of the literature; fits of CDNOW against the published optima.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { describeWithData } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { PurchaseForecaster } from '../forecast.js';
import { CALIBRATION_END, cdnowHistory } from '../order-logs.fixture.js';
import { fitPurchases } from '../purchase-fit.js';
import { groupRows, tableOf } from '../statistics.js';
import { paretoNbd } from './pareto-nbd.js';
import type { Observed } from './purchase-kind.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const CDNOW = [0.55315, 10.57633, 0.60625, 11.6715] as const;
const STEEP = [10.465, 0.00798565, 3.0516, 2.82] as const;
const EAGER = [1.5, 4, 4, 0.25] as const;
const EQUAL = [0.6, 7, 2.5, 7] as const;

/** Parameters, x, t_x, T, log-likelihood, P(alive). */
const EXACT = [
  [CDNOW, 0, 0, 39, -0.52162271031914738771, 0.294333884847691229],
  [CDNOW, 2, 30.43, 38.86, -9.5543614470539782726, 0.869121571145286952],
  [CDNOW, 26, 30.857, 31, -39.13033238882804918, 0.997871278290759545],
  [CDNOW, 254, 38, 39, 160.33396938363399019, 0.704933186876975512],
  [CDNOW, 400, 200, 200.5, -146.95120639430653101, 0.997616257940587516],
  [CDNOW, 500, 10, 400, 1088.4955446385139177, 2.70695407609448105e-649],
  [CDNOW, 1000, 900, 1000, -918.02821797810587454, 8.18790681450660226e-43],
  [STEEP, 0, 0, 39, -7.0001344288203180047, 7.28684943585438759e-40],
  [STEEP, 2, 30.43, 38.86, -97.458958619207674817, 0.117225556706651602],
  [STEEP, 26, 30.857, 31, -103.40491182028838405, 0.986020287276987224],
  [STEEP, 254, 38, 39, 169.68426459928272028, 0.08338500291760989],
  [STEEP, 400, 200, 200.5, -195.93134152463057778, 0.987014331714151154],
  [STEEP, 500, 10, 400, 1420.0539193520917836, 1.38317468275948526e-820],
  [STEEP, 1000, 900, 1000, -983.85117006243047099, 1.40436439814664071e-44],
  [EAGER, 0, 0, 39, -0.029594044728580911817, 4.80995733689215538e-11],
  [EAGER, 2, 30.43, 38.86, -28.675439270931415296, 0.276142011239722749],
  [EAGER, 26, 30.857, 31, -51.960700333010523035, 0.98077549485553418],
  [EAGER, 254, 38, 39, 182.08497948990373486, 0.115858073459289489],
  [EAGER, 400, 200, 200.5, -157.24694549277880102, 0.983217655429281047],
  [EAGER, 500, 10, 400, 1273.766120142801808, 1.92462863715073177e-737],
  [EAGER, 1000, 900, 1000, -937.53562678831742765, 3.81868462605349368e-44],
  [EQUAL, 0, 0, 39, -0.21441103176643391543, 0.00361719709835443684],
  [EQUAL, 2, 30.43, 38.86, -12.881908626550802671, 0.528814473271580555],
  [EQUAL, 26, 30.857, 31, -40.255902843665337471, 0.99013611980093803],
  [EQUAL, 254, 38, 39, 176.56939163696145855, 0.266181843249906831],
  [EQUAL, 400, 200, 200.5, -146.8433955546224021, 0.989903640733824558],
  [EQUAL, 500, 10, 400, 1183.7843312205224052, 2.85508717278180745e-692],
  [EQUAL, 1000, 900, 1000, -922.2494074779312811, 1.09751877761271949e-43],
] as const;

/** x, T, t, P(active within t | alive) at CDNOW's parameters. */
const ACTIVE = [
  [0, 39, 39, 0.234328107805295416],
  [2, 38.86, 52, 0.726563666784942971],
  [26, 31, 5, 0.933379663765044132],
  [400, 200, 1, 0.849232018115784119],
  [1, 0.5, 5000, 0.732119905761073786],
] as const;

/** n, t, P(X(t) = n) at CDNOW's parameters. */
const PMF = [
  [0, 39, 0.59355659566125974],
  [1, 39, 0.165575322235269874],
  [10, 2, 1.8938321059998506e-9],
  [11, 30, 0.00190874995163809593],
  [100, 52, 9.94721942260483437e-11],
  [3, 0.01, 3.07856971189931103e-10],
] as const;

function logLikelihoodOf(theta: readonly number[], row: Observed): number {
  const table = tableOf([{ customerId: 'a', spendMeanMicros: 0, ...row }], 'week');
  return paretoNbd.logLikelihood(theta, groupRows(table));
}

function closeTo(actual: Readonly<Record<string, number>> | null, expected: object, share: number) {
  for (const [name, value] of Object.entries(expected) as [string, number][]) {
    expect(Math.abs((actual?.[name] ?? NaN) / value - 1)).toBeLessThan(share);
  }
}

describe('Pareto/NBD', () => {
  it.each(EXACT)(
    'at %j, x = %d, t_x = %d, T = %d agrees with 40 digits',
    (theta, frequency, recency, age, logLikelihood, alive) => {
      const row = { frequency, recency, age };
      const size = Math.max(1, Math.abs(logLikelihood));
      expect(Math.abs(logLikelihoodOf(theta, row) - logLikelihood) / size).toBeLessThan(1e-12);
      expect(Math.abs(paretoNbd.pAlive(theta, row) - alive)).toBeLessThan(1e-11 * (alive + 1e-30));
    },
  );

  it.each(ACTIVE)('P(active) at x = %d, T = %d, t = %d', (frequency, age, t, expected) => {
    const row = { frequency, recency: age / 2, age };
    expect(Math.abs(paretoNbd.activeIfAlive(CDNOW, row, t) / expected - 1)).toBeLessThan(1e-11);
  });

  it.each(PMF)('P(X(t) = %d) at t = %d', (n, t, expected) => {
    expect(Math.abs(paretoNbd.pmf(CDNOW, n, t) / expected - 1)).toBeLessThan(1e-10);
  });

  it('has a pmf that sums to one and has the expectation as its mean', () => {
    let [sum, mean] = [0, 0];
    for (let n = 0; n < 400; n++) {
      const p = paretoNbd.pmf(CDNOW, n, 20);
      sum += p;
      mean += n * p;
    }
    expect(sum).toBeCloseTo(1, 10);
    expect(mean).toBeCloseTo(paretoNbd.expectedPurchases(CDNOW, 20), 8);
  });

  it('is the same on both sides of alpha = beta', () => {
    for (const row of [
      { frequency: 0, recency: 0, age: 39 },
      { frequency: 7, recency: 21, age: 39 },
      { frequency: 500, recency: 200, age: 390 },
    ]) {
      const at = (beta: number): number => logLikelihoodOf([0.6, 7, 2.5, beta], row);
      const [below, equal, above] = [at(7 - 1e-12), at(7), at(7 + 1e-12)];
      expect(Math.abs(below - equal)).toBeLessThan(1e-9);
      expect(Math.abs(above - equal)).toBeLessThan(1e-9);
    }
  });

  it('does not notice s = 1 and stays finite for hundreds of purchases', () => {
    const row = { frequency: 3, recency: 30, age: 39 };
    const at = (s: number): number => paretoNbd.purchasesIfAlive([0.5, 10, s, 11], row, 52);
    expect(Math.abs(at(1) / at(1 + 1e-10) - 1)).toBeLessThan(1e-8);
    expect(Math.abs(at(1) / at(1 - 1e-10) - 1)).toBeLessThan(1e-8);
    for (let frequency = 400; frequency <= 500; frequency++) {
      const value = logLikelihoodOf(STEEP, { frequency, recency: 38, age: 39 });
      expect(Number.isFinite(value)).toBe(true);
    }
    const rounded = [0.55, 10.58, 0.61, 11.67];
    for (const [frequency, expected] of [
      [132, 6.20605],
      [133, 6.25287],
    ] as const) {
      const busy = { frequency, recency: 200, age: 200 };
      const forecast =
        paretoNbd.pAlive(rounded, busy) * paretoNbd.purchasesIfAlive(rounded, busy, 10);
      expect(forecast).toBeCloseTo(expected, 4);
    }
  });
});

describeWithData('ltv/CDNOW_sample.txt', 'Pareto/NBD on the 1/10 sample of CDNOW', (path) => {
  const table = cdnowHistory(readFileSync(path, 'utf8')).table(CALIBRATION_END, 'week');
  const fit = fitPurchases(table, 'pareto_nbd');
  const forecaster = new PurchaseForecaster(fit.model);

  it('finds the published optimum and standard errors', () => {
    expect(fit).toMatchObject({ dropoutIdentified: true, warnings: [] });
    expect(Math.abs(fit.model.logLikelihood + 9594.976)).toBeLessThan(1e-3);
    closeTo(fit.model.parameters, { r: 0.55315, alpha: 10.57633, s: 0.60625, beta: 11.6715 }, 2e-3);
    const errors = { r: 0.0476264, alpha: 0.8427222, s: 0.1872594, beta: 6.2105448 };
    closeTo(fit.model.standardErrors, errors, 1e-3);
  });

  it('expects what BTYD and CLVTools print', () => {
    expect(forecaster.expectedNewPurchases(52)).toBeCloseTo(1.473434, 5);
    const best = { frequency: 26, recency: 30 + 6 / 7, age: 31 };
    expect(Math.abs(forecaster.expectedPurchases(best, 52) - 25.45647)).toBeLessThan(2e-3);
    expect(forecaster.aliveProbability(best)).toBeCloseTo(0.997874, 5);
    for (const [frequency, expected] of [
      [10, 0.70623],
      [15, 0.14424],
      [20, 0.02251],
      [25, 0.00309],
    ] as const) {
      const row = { frequency, recency: 20, age: 39 };
      expect(Math.abs(forecaster.expectedPurchases(row, 52) - expected)).toBeLessThan(5e-4);
    }
  });
});

describeWithData('ltv/CDNOW_master.txt', 'Pareto/NBD on all of CDNOW', (path) => {
  it('finds the optimum', () => {
    const table = cdnowHistory(readFileSync(path, 'utf8')).table(CALIBRATION_END, 'week');
    const { model } = fitPurchases(table, 'pareto_nbd');
    expect(Math.abs(model.logLikelihood + 95_415.119)).toBeLessThan(1e-3);
    const optimum = { r: 0.59742, alpha: 11.58566, s: 0.52219, beta: 8.82776 };
    closeTo(model.parameters, optimum, 1e-4);
  });
});
