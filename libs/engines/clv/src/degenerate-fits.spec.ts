/**
 * Goal: whatever the customers look like, a fit ends in finite numbers (with a warning where they mean little) or in a
 * named error. Method: made-up populations without any information, and Online Retail, which shows no dropout.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { describeWithData, testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { PurchaseForecaster } from './forecast.js';
import { onlineRetailHistory, RETAIL_CALIBRATION_END } from './order-logs.fixture.js';
import { fitPurchases, type PurchaseFit } from './purchase-fit.js';
import { tableOf, type CustomerTable } from './statistics.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

const KINDS = ['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd', 'ggompertz_nbd', 'auto'] as const;

type Row = readonly [frequency: number, recency: number, age: number];

function tableFrom(n: number, row: (i: number) => Row): CustomerTable {
  const rows = Array.from({ length: n }, (_, i) => {
    const [frequency, recency, age] = row(i);
    return { customerId: String(i), frequency, recency, age, spendMeanMicros: 0 };
  });
  return tableOf(rows, 'week');
}

const random = new SeededRandom(7);

/** Populations that can be fitted, if to no use. */
const STRANGE: Readonly<Record<string, CustomerTable>> = {
  'all identical': tableFrom(50, () => [3, 20, 39]),
  'all identical, bought until the last day': tableFrom(50, () => [3, 39, 39]),
  'everybody buys once more on the second day, then never': tableFrom(60, () => [1, 0.14, 52]),
  'three repeaters in a thousand': tableFrom(1000, (i) => (i < 3 ? [1, 10, 39] : [0, 0, 39])),
  'purchases like clockwork': tableFrom(40, (i) => [i, i, i + 0.5]),
  'one who buys a hundred thousand times': tableFrom(30, (i) =>
    i === 0 ? [100_000, 300, 301] : [i % 3, (i % 3) * 10, 40],
  ),
  'everybody buys thousands of times': tableFrom(20, (i) => [5000 + 13 * i, 299, 300]),
  'some of age zero': tableFrom(40, (i) => (i % 2 === 0 ? [0, 0, 0] : [i % 4, i % 4, 30])),
  'ages from minutes to centuries': tableFrom(40, (i) => {
    const age = 10 ** ((i % 10) - 4);
    return i % 3 === 0 ? [0, 0, age] : [1 + (i % 5), age * 0.7, age];
  }),
  'two kinds of people: none and all': tableFrom(60, (i) =>
    i % 2 === 0 ? [0, 0, 52] : [52, 51.9, 52],
  ),
  'everybody buys every day': tableFrom(80, (i) => [30 + i, (30 + i) / 7, (30 + i) / 7]),
  'everybody came on the same day': tableFrom(90, (i) => [i % 5, (i % 5) * 7, 39]),
  'a thousand purchases each, all silent since': tableFrom(40, (i) => [1000 + (i % 3), 1, 500]),
  'one with a thousand purchases among ordinary ones': tableFrom(60, (i) =>
    i === 0 ? [1000, 38, 39] : [i % 3, (i % 3) * 5, 39],
  ),
  'three who came back among the youngest': tableFrom(200, (i) =>
    i < 3 ? [1, 0.1, 0.2] : [0, 0, 10 + (i % 30)],
  ),
  noise: tableFrom(30, () => {
    const age = 1 + 50 * random.nextDouble();
    const frequency = random.nextInt(6);
    return [frequency, frequency === 0 ? 0 : age * random.nextDouble(), age];
  }),
};

function expectFinite({ model, requested, nbd, warnings, ...fit }: PurchaseFit): void {
  const codes = warnings.map(({ code }) => code);
  // What is answered with another model than asked for says so, whatever it was.
  const isAnother = model.kind !== requested.kind;
  expect(codes.includes('dropout_not_identified')).toBe(isAnother);
  expect(fit.dropoutIdentified || fit.requestedKind === 'nbd').toBe(!isAnother);
  for (const one of [model, requested, nbd]) {
    const numbers = [one.logLikelihood, ...Object.values(one.parameters)];
    numbers.push(...Object.values(one.standardErrors ?? {}), ...(one.covariance ?? []).flat());
    expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
  }
  if (requested.covariance === null || !requested.hasConverged) {
    expect(warnings.length).toBeGreaterThan(0);
  }
  expect(model.logLikelihood).toBeGreaterThanOrEqual(nbd.logLikelihood);
  const forecaster = new PurchaseForecaster(model);
  for (const [frequency, recency, age] of [
    [0, 0, 0],
    [0, 0, 39],
    [3, 20, 39],
    [200, 39, 39],
  ] as const) {
    const row = { frequency, recency, age };
    const { expectedPurchases, aliveProbability, discountFactor, activeProbability } =
      forecaster.forecast(row, { horizonDays: 365, annualDiscountRate: 0.1 });
    expect(Number.isFinite(expectedPurchases) && expectedPurchases >= 0).toBe(true);
    for (const share of [aliveProbability, discountFactor, activeProbability]) {
      expect(share >= 0 && share <= 1).toBe(true);
    }
  }
}

describe.each(KINDS)('%s', (kind) => {
  it.each(Object.keys(STRANGE))('ends with finite numbers: %s', (name) => {
    expectFinite(fitPurchases(STRANGE[name] as CustomerTable, kind));
  });

  it('ends with finite numbers for any table', () => {
    const row = fc
      .record({
        frequency: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3000 })),
        age: fc.double({ min: 0.1, max: 500, noNaN: true }),
        share: fc.double({ min: 0.001, max: 1, noNaN: true }),
      })
      .map(({ frequency, age, share }): Row => [frequency, frequency && age * share, age]);
    fc.assert(
      fc.property(fc.array(row, { minLength: 10, maxLength: 40 }), (rows) => {
        if (rows.filter(([x]) => x > 0).length < 3) return;
        expectFinite(
          fitPurchases(
            tableFrom(rows.length, (i) => rows[i] as Row),
            kind,
          ),
        );
      }),
      { numRuns: kind === 'auto' ? 10 : 20, seed: testSeed() },
    );
  });

  it.each([
    ['three customers', tableFrom(3, () => [2, 20, 39])],
    ['two customers', tableFrom(2, () => [30, 20, 39])],
    ['one who came back', tableFrom(500, (i) => (i === 0 ? [1, 10, 39] : [0, 0, 39]))],
    ['nobody who came back', tableFrom(100, () => [0, 0, 39])],
    ['nobody at all', tableFrom(0, () => [0, 0, 0])],
    ['no time at all', tableFrom(100, () => [0, 0, 0])],
  ] as const)('refuses %s', (_name, table) => {
    expect(() => fitPurchases(table, kind)).toThrow(
      expect.objectContaining({ code: 'clv_not_enough_data' }),
    );
  });

  it('refuses what no customer can have done', () => {
    const sound = tableFrom(20, (i) => [i % 3, i % 3, 30]);
    const broken = { ...sound, age: sound.age.map((age, i) => (i === 5 ? NaN : age)) };
    const endless = tableFrom(20, () => [2_000_000, 29, 30]);
    for (const table of [broken, endless]) {
      expect(() => fitPurchases(table, kind)).toThrow(
        expect.objectContaining({ code: 'clv_statistics_invalid' }),
      );
    }
  });
});

describeWithData('ltv/online_retail_invoices.csv', 'Online Retail', (path) => {
  const history = onlineRetailHistory(readFileSync(path, 'utf8'));
  const table = history.table(RETAIL_CALIBRATION_END, 'week');

  it.each(['bg_nbd', 'mbg_nbd', 'pareto_nbd', 'auto'] as const)(
    '%s finds no dropout, says so and is answered with NBD',
    (kind) => {
      const fit = fitPurchases(table, kind);
      expectFinite(fit);
      expect(fit).toMatchObject({ dropoutIdentified: false, requestedKind: kind });
      expect(fit.model.kind).toBe('nbd');
      expect(fit.warnings.map(({ code }) => code)).toContain('dropout_not_identified');
      for (const { logLikelihood } of [fit.model, fit.requested]) {
        expect(logLikelihood).toBeGreaterThanOrEqual(-13_255.62);
      }
    },
  );
});
