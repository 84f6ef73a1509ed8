/**
 * Goal: Gamma/Gompertz/NBD is right for hazards that fall, grow, and do neither, is Pareto/NBD where it should be, and
 * a fit says when it is. Method: values from mpmath with 30 digits, finite differences, properties far beyond sensible
 * inputs, simulated cohorts, CDNOW against the published optimum.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { describeWithData, testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { CALIBRATION_END, cdnowHistory } from '../order-logs.fixture.js';
import { fitPurchases } from '../purchase-fit.js';
import { PosteriorCustomer, simulatePurchases } from '../simulation/index.js';
import { groupRows, tableOf } from '../statistics.js';
import { ggompertzNbd as model } from './ggompertz-nbd.js';
import { paretoNbd } from './pareto-nbd.js';
import type { Observed } from './purchase-kind.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

const RIDGE = [0.55313, 10.5758, 1.1e-6, 0.60682, 1.3e-5] as const;
const SUDDEN = [0.8, 4, 0.12, 0.6, 30] as const;
const EARLY = [1.5, 3, 0.05, 0.5, 0.5] as const;
const STEEP = [2, 0.5, 2, 0.05, 1000] as const;

/** Parameters, x, t_x, T, log-likelihood, P(alive), purchases within 52 if alive, P(active within 52 | alive). */
// prettier-ignore
const EXACT = [
  [RIDGE, 0, 0.0, 39.0, -0.523298930231420315, 0.2963016032451755, 0.4604020964399964, 0.270355079130131],
  [RIDGE, 2, 30.43, 38.86, -9.5497156351200113, 0.8693912006650697, 2.130087054095236, 0.7267114452928041],
  [RIDGE, 26, 30.857, 31.0, -39.125349241416436, 0.9978765354080977, 25.52161576725536, 0.9782693227074435],
  [RIDGE, 254, 38.0, 39.0, 160.340952649068648, 0.7053378007660125, 211.8792954773072, 0.9976795292298943],
  [RIDGE, 100, 10.0, 200.0, 52.8799182036269561, 1.213692795132136e-100, 23.19115074531448, 0.9940353189748501],
  [RIDGE, 1000, 900.0, 1000.0, -918.021766815170142, 8.176303131983391e-43, 50.70242553395358, 0.9993942890672789],
  [SUDDEN, 0, 0.0, 39.0, -1.62748567529571813, 0.3064498288731721, 0.2750656155607317, 0.1858687414597822],
  [SUDDEN, 2, 30.43, 38.86, -9.41654608094787615, 0.586056961759594, 0.9671077717678768, 0.4654590132270222],
  [SUDDEN, 26, 30.857, 31.0, -34.2236087242053759, 0.993653512390936, 12.53879565158986, 0.9426790482370111],
  [SUDDEN, 254, 38.0, 39.0, 198.336098631208325, 0.205950647281829, 87.60839855609306, 0.9904398707743647],
  [SUDDEN, 100, 10.0, 200.0, 90.856222247733154, 2.231625160070297e-120, 6.700377516937006, 0.8718516129489534],
  [SUDDEN, 1000, 900.0, 1000.0, -966.125524351699933, 3.05613914925454e-48, 13.517067785529, 0.9325769431477209],
  [EARLY, 0, 0.0, 39.0, -1.92289810876503653, 0.03613965840157028, 1.01813263629861, 0.4706421316086641],
  [EARLY, 2, 30.43, 38.86, -11.0469491927977893, 0.7157376830646471, 2.383228208947149, 0.7116160289300804],
  [EARLY, 26, 30.857, 31.0, -33.3624606612920415, 0.9957672277457848, 22.80949389941852, 0.9656392796664808],
  [EARLY, 254, 38.0, 39.0, 205.58043994178232, 0.3230254543651607, 173.4219257161967, 0.9955807659423521],
  [EARLY, 100, 10.0, 200.0, 101.675940168730803, 1.121072522596541e-121, 14.54927313819944, 0.9519510270678791],
  [EARLY, 1000, 900.0, 1000.0, -925.240325729879043, 7.7437335862883e-46, 29.05521073884093, 0.9755508844583188],
  [STEEP, 0, 0.0, 39.0, -5.48711446330572365, 0.001106676966508449, 0.5035359167489819, 0.3037631268503782],
  [STEEP, 2, 30.43, 38.86, -16.6225852321950423, 0.3001232112473719, 1.010653897946381, 0.4744686011333051],
  [STEEP, 26, 30.857, 31.0, -36.1677740382561057, 0.9848704048040811, 8.839852760704349, 0.8958927138418586],
  [STEEP, 254, 38.0, 39.0, 218.17552412578484, 0.07907949926016471, 64.45259734386968, 0.9847469918600944],
  [STEEP, 100, 10.0, 200.0, 121.896536933549336, 1.207023140340433e-137, 5.059217477759721, 0.8345935413917292],
  [STEEP, 1000, 900.0, 1000.0, -991.054644720136727, 8.233915889818292e-50, 9.959744152427763, 0.9091396961217587],
] as const;

function tableFrom(rows: readonly Observed[]) {
  return tableOf(
    rows.map((row, i) => ({ customerId: String(i), spendMeanMicros: 0, ...row })),
    'week',
  );
}

function logLikelihoodOf(theta: readonly number[], row: Observed): number {
  return model.logLikelihood(theta, groupRows(tableFrom([row])));
}

const positive = (min: number, max: number) =>
  fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);
const anything = positive(1e-8, 1e8);
const parameters = fc.tuple(positive(0.01, 50), positive(0.01, 500), anything, anything, anything);
const sensible = fc.tuple(
  ...([positive(0.05, 20), positive(0.05, 50), positive(0.001, 3)] as const),
  ...([positive(0.05, 20), positive(0.001, 500)] as const),
);
const history = fc
  .record({
    frequency: fc.integer({ min: 0, max: 2000 }),
    age: fc.double({ min: 0.001, max: 2000, noNaN: true }),
    share: fc.double({ min: 0.001, max: 1, noNaN: true }),
  })
  .map(({ frequency, age, share }) => ({ frequency, age, recency: frequency && age * share }));

describe('Gamma/Gompertz/NBD', () => {
  it.each(EXACT)(
    'at %j, x = %d, t_x = %d, T = %d agrees with 30 digits',
    (theta, frequency, recency, age, logLikelihood, alive, purchases, active) => {
      const row = { frequency, recency, age };
      const size = Math.max(1, Math.abs(logLikelihood));
      expect(Math.abs(logLikelihoodOf(theta, row) - logLikelihood) / size).toBeLessThan(1e-11);
      expect(Math.abs(model.pAlive(theta, row) / alive - 1)).toBeLessThan(1e-10);
      expect(Math.abs(model.purchasesIfAlive(theta, row, 52) / purchases - 1)).toBeLessThan(1e-11);
      expect(Math.abs(model.activeIfAlive(theta, row, 52) / active - 1)).toBeLessThan(1e-11);
    },
  );

  it('has the gradient that differences of its likelihood have', () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const [frequency, age] = [(i * 7) % 9, 5 + (i % 30)];
      return { frequency, age, recency: frequency && age * (0.2 + (i % 5) / 8) };
    });
    const groups = groupRows(tableFrom(rows));
    fc.assert(
      fc.property(sensible, (theta) => {
        const gradient = new Float64Array(5);
        model.logLikelihood(theta, groups, gradient);
        theta.forEach((value, i) => {
          const step = 1e-5 * value;
          const at = (by: number): number =>
            model.logLikelihood(
              theta.map((other, j) => (i === j ? other + by : other)),
              groups,
            );
          const difference = (at(step) - at(-step)) / (2 * step);
          const size = Math.max(1, Math.abs(difference), Math.abs(gradient[i] ?? 0));
          expect(Math.abs((gradient[i] ?? NaN) - difference) / size).toBeLessThan(1e-4);
        });
      }),
      { numRuns: 60, seed: testSeed() },
    );
  });

  it('is Pareto/NBD in the limit', () => {
    const [r, alpha, s, beta, b] = [0.55, 10.6, 0.61, 11.7, 1e-9];
    const limit = [r, alpha, s, beta];
    const theta = [r, alpha, b, s, b * beta];
    for (const row of [
      { frequency: 0, recency: 0, age: 39 },
      { frequency: 7, recency: 21, age: 39 },
      { frequency: 300, recency: 200, age: 390 },
    ]) {
      const groups = groupRows(tableFrom([row]));
      expect(model.logLikelihood(theta, groups)).toBeCloseTo(
        paretoNbd.logLikelihood(limit, groups),
        6,
      );
      for (const what of ['purchasesIfAlive', 'survivalIfAlive', 'activeIfAlive'] as const) {
        expect(model[what](theta, row, 52) / paretoNbd[what](limit, row, 52)).toBeCloseTo(1, 6);
      }
      const residual = paretoNbd.residualIfAlive(limit, row, 0.0027);
      expect(model.residualIfAlive(theta, row, 0.0027) / residual).toBeCloseTo(1, 5);
    }
    for (const n of [0, 1, 30]) {
      expect(model.pmf(theta, n, 39) / paretoNbd.pmf(limit, n, 39)).toBeCloseTo(1, 6);
    }
  });

  it.each([[SUDDEN], [EARLY], [STEEP]])('at %j has a pmf that hangs together', (theta) => {
    let [sum, mean] = [0, 0];
    for (let n = 0; n < 1500; n++) {
      const p = model.pmf(theta, n, 20);
      sum += p;
      mean += n * p;
    }
    expect(sum).toBeCloseTo(1, 10);
    expect(mean / model.expectedPurchases(theta, 20)).toBeCloseTo(1, 8);
  });

  it('keeps its range far beyond sensible inputs, and falls and grows as it has to', () => {
    fc.assert(
      fc.property(parameters, history, positive(0.01, 5000), (theta, row, t) => {
        const [alive, later] = [row, { ...row, age: row.age * 1.2 }].map((one) =>
          model.pAlive(theta, one),
        );
        expect(later).toBeLessThanOrEqual((alive ?? NaN) * (1 + 1e-9));
        for (const what of ['survivalIfAlive', 'activeIfAlive'] as const) {
          const p = model[what](theta, row, t);
          expect(p >= 0 && p <= 1).toBe(true);
        }
        const near = model.purchasesIfAlive(theta, row, t);
        expect(near >= 0 && Number.isFinite(near)).toBe(true);
        expect(model.purchasesIfAlive(theta, row, t * 1.5)).toBeGreaterThanOrEqual(
          near * (1 - 1e-9),
        );
        expect(model.activeIfAlive(theta, row, t)).toBeLessThanOrEqual(near * (1 + 1e-9) + 1e-300);
        expect(model.survivalIfAlive(theta, row, t * 1.5)).toBeLessThanOrEqual(
          model.survivalIfAlive(theta, row, t) * (1 + 1e-9),
        );
        const [less, more] = [0.01, 0.02].map((delta) => model.residualIfAlive(theta, row, delta));
        expect((more ?? NaN) <= (less ?? NaN) * (1 + 1e-9) && Number.isFinite(less)).toBe(true);
        expect(Number.isFinite(logLikelihoodOf(theta, row))).toBe(true);
      }),
      { numRuns: 300, seed: testSeed() },
    );
  });

  it('finds a hazard that grows, where Pareto/NBD cannot', () => {
    const truth = { r: 0.8, alpha: 4, b: 0.12, s: 0.6, beta: 30 };
    const law = { kind: 'ggompertz_nbd', timeUnit: 'week', parameters: truth } as const;
    const cohort = { customers: 1500, minAge: 20, maxAge: 120 };
    const table = simulatePurchases(law, cohort, new SeededRandom(testSeed()));
    const fit = fitPurchases(table, 'ggompertz_nbd');
    const pareto = fitPurchases(table, 'pareto_nbd');
    expect(fit).toMatchObject({ dropoutIdentified: true, warnings: [] });
    expect(fit.model.logLikelihood - pareto.model.logLikelihood).toBeGreaterThan(50);
    for (const [name, value] of Object.entries(truth)) {
      const error = fit.model.standardErrors?.[name] ?? NaN;
      expect(Math.abs((fit.model.parameters[name] ?? NaN) - value)).toBeLessThan(4 * error);
    }
  });

  it('draws customers as it computes them', () => {
    const parameters = { r: 0.8, alpha: 4, b: 0.12, s: 0.6, beta: 30 };
    const law = { kind: 'ggompertz_nbd', timeUnit: 'week', parameters } as const;
    const row = { frequency: 4, recency: 24, age: 30 };
    const customer = new PosteriorCustomer(law, row);
    const random = new SeededRandom(testSeed());
    const draws = 20_000;
    let purchases = 0;
    for (let i = 0; i < draws; i++) purchases += customer.drawPurchases(26, random);
    const expected = model.pAlive(SUDDEN, row) * model.purchasesIfAlive(SUDDEN, row, 26);
    expect(Math.abs(purchases / draws / expected - 1)).toBeLessThan(0.1);
    // Whoever left did so after t_x and, at a growing hazard, at one far above that of the start.
    let hazard = 0;
    for (let i = 0; i < 200; i++) {
      const drawn = customer.draw(random);
      if (!drawn.isAlive) hazard = Math.max(hazard, drawn.dropout);
    }
    expect(hazard).toBeGreaterThan((0.12 * 0.6) / 30);
  });
});

describeWithData(
  'ltv/CDNOW_sample.txt',
  'Gamma/Gompertz/NBD on the 1/10 sample of CDNOW',
  (path) => {
    it('is Pareto/NBD, as published, and says that b and beta lie on a ridge', () => {
      const table = cdnowHistory(readFileSync(path, 'utf8')).table(CALIBRATION_END, 'week');
      const fit = fitPurchases(table, 'ggompertz_nbd');
      const { logLikelihood, parameters } = fit.model;
      expect(Math.abs(logLikelihood + 9594.9762)).toBeLessThan(1e-4);
      const { r, alpha, s, b = NaN, beta = NaN } = parameters;
      expect((r ?? NaN) / 0.55313).toBeCloseTo(1, 3);
      expect((alpha ?? NaN) / 10.5758).toBeCloseTo(1, 3);
      expect(Math.abs((s ?? NaN) / 0.60682 - 1)).toBeLessThan(2e-3);
      expect(Math.abs(beta / b / 11.6687 - 1)).toBeLessThan(5e-3);
      expect(fit.warnings.map(({ code }) => code)).toContain('parameters_on_ridge');
      expect(fit.model.standardErrors).toBeNull();
    });
  },
);
