/**
 * Goal: fits find what the data were simulated from and refuse what cannot be fitted. Method: simulated
 * cohorts by seed.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { fitPurchases } from './purchase-fit.js';
import { tableOf, type CustomerStatistics } from './statistics.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const exponential = (random: SeededRandom): number => -Math.log1p(-random.nextDouble());
/** Whole shapes only: sums of exponentials. */
const gamma = (random: SeededRandom, shape: number): number =>
  Array.from({ length: shape }, () => exponential(random)).reduce((sum, value) => sum + value, 0);

/** BG/NBD with r = 2, alpha = 10 and p ~ beta(a, b) (a = 0: nobody drops out). */
function cohort(seed: number, n: number, a: number, b: number) {
  const random = new SeededRandom(seed);
  const rows = Array.from({ length: n }, (_, i): CustomerStatistics => {
    const rate = gamma(random, 2) / 10;
    const p = a === 0 ? 0 : ((x) => x / (x + gamma(random, b)))(gamma(random, a));
    const age = 40 + random.nextInt(20);
    let [frequency, recency] = [0, 0];
    for (let at = exponential(random) / rate; at <= age; at += exponential(random) / rate) {
      frequency += 1;
      recency = at;
      if (random.nextDouble() < p) break;
    }
    return { customerId: String(i), frequency, recency, age, spendMeanMicros: 0 };
  });
  return tableOf(rows, 'week');
}

describe('fitPurchases', () => {
  it('finds the parameters of simulated cohorts within their standard errors', () => {
    const fit = fitPurchases(cohort(11, 4000, 1, 3));
    expect(fit.dropoutIdentified).toBe(true);
    for (const [name, truth] of Object.entries({ r: 2, alpha: 10, a: 1, b: 3 })) {
      const error = fit.model.standardErrors?.[name] ?? 0;
      expect(error).toBeGreaterThan(0);
      expect(Math.abs((fit.model.parameters[name] ?? 0) - truth)).toBeLessThan(3 * error);
    }
  });

  it('recognises that nobody drops out', () => {
    const fit = fitPurchases(cohort(12, 1500, 0, 1));
    expect(fit).toMatchObject({ dropoutIdentified: false, requestedKind: 'bg_nbd' });
    expect(fit.model.kind).toBe('nbd');
    expect(fit.model.logLikelihood).toBe(fit.nbd.logLikelihood);
    expect(fit.warnings.map(({ code }) => code)).toContain('dropout_not_identified');
  });

  it('ends with finite numbers for any small cohort', () => {
    for (let seed = 100; seed < 120; seed++) {
      const fit = fitPurchases(cohort(seed, 60, 1 + (seed % 3), 1 + (seed % 4)));
      expect(Number.isFinite(fit.model.logLikelihood)).toBe(true);
      for (const value of Object.values(fit.model.parameters)) expect(value).toBeGreaterThan(0);
    }
  });

  it('refuses too little data and impossible statistics', () => {
    expect(() => fitPurchases(cohort(1, 9, 1, 3))).toThrow(
      expect.objectContaining({ code: 'clv_not_enough_data' }),
    );
    const row = { customerId: 'x', frequency: 2, recency: 9, age: 5, spendMeanMicros: 0 };
    for (const bad of [row, { ...row, frequency: NaN }, { ...row, recency: 0, age: Infinity }]) {
      expect(() => tableOf([bad], 'week')).toThrow(
        expect.objectContaining({ code: 'clv_statistics_invalid' }),
      );
    }
  });
});
