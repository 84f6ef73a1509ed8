/**
 * Goal: a fit finds what made the customers, over all sensible parameters. Method: cohorts simulated by each model with
 * parameters drawn by seed; the likelihood found is at least that of the truth, and nearly all parameters lie within two
 * standard errors of it. `npm run bench -- value.recovery` does the same for 200 cohorts a model.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { purchaseKind } from '../models/index.js';
import { fitPurchases } from '../purchase-fit.js';
import { groupRows } from '../statistics.js';
import { simulatePurchases, thetaOf, type PurchaseLaw } from './simulate-purchases.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

const KINDS = ['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd'] as const;
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  r: [0.3, 3],
  alpha: [2, 20],
  a: [0.4, 3],
  b: [0.5, 5],
  s: [0.4, 2],
  beta: [4, 40],
};

function lawOf(kind: PurchaseLaw['kind'], random: SeededRandom): PurchaseLaw {
  const entries = purchaseKind(kind).parameterNames.map((name) => {
    const [low, high] = RANGES[name] ?? [1, 1];
    return [name, low * (high / low) ** random.nextDouble()] as const;
  });
  return { kind, timeUnit: 'week', parameters: Object.fromEntries(entries) };
}

function logLikelihoodAt(law: PurchaseLaw, table: ReturnType<typeof simulatePurchases>): number {
  return purchaseKind(law.kind).logLikelihood(thetaOf(law), groupRows(table));
}

describe.each(KINDS)('%s', (kind) => {
  it('recovers simulated cohorts', () => {
    let [inside, judged] = [0, 0];
    for (let i = 0; i < 20; i++) {
      const random = new SeededRandom(testSeed() + i);
      const law = lawOf(kind, random);
      const cohort = { customers: 1200, minAge: 26, maxAge: 78 };
      const table = simulatePurchases(law, cohort, random);
      const { model, requested, nbd } = fitPurchases(table, kind);
      const least = Math.max(logLikelihoodAt(law, table), nbd.logLikelihood - 1e-3);
      expect(requested.logLikelihood).toBeGreaterThanOrEqual(least);
      if (model.kind !== kind) continue;
      for (const [name, truth] of Object.entries(law.parameters)) {
        judged += 1;
        const error = model.standardErrors?.[name] ?? 0;
        inside += Math.abs((model.parameters[name] ?? NaN) - truth) <= 2 * error ? 1 : 0;
      }
    }
    expect(judged).toBeGreaterThanOrEqual(20);
    expect(inside / judged).toBeGreaterThanOrEqual(0.85);
  });
});

describe('mbg_nbd', () => {
  it.each([3, 11, 14, 28])(
    'finds the greater of two maxima where nearly all leave at once, cohort %d',
    (seed) => {
      const parameters = { r: 3, alpha: 15, a: 2, b: 0.1 };
      const law = { kind: 'mbg_nbd', timeUnit: 'week', parameters } as const;
      const cohort = { customers: 800, minAge: 10, maxAge: 80 };
      const table = simulatePurchases(law, cohort, new SeededRandom(seed));
      const { requested } = fitPurchases(table, 'mbg_nbd');
      expect(requested.logLikelihood).toBeGreaterThanOrEqual(logLikelihoodAt(law, table));
    },
  );
});
