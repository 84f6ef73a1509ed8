/**
 * Goal: simulated customers obey the models, and posterior draws are exact. Method: means of seeded draws against the
 * closed forms, within five standard errors; draws given a history against whole lives that happened to have it.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { purchaseKind } from '../models/index.js';
import { tableOf, rowOf } from '../statistics.js';
import { PosteriorCustomer, drawFuturePurchases } from './posterior-customer.js';
import { drawsOf, simulatePurchases, thetaOf, type PurchaseLaw } from './simulate-purchases.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const LAWS: readonly PurchaseLaw[] = [
  { kind: 'nbd', timeUnit: 'week', parameters: { r: 0.7, alpha: 9 } },
  { kind: 'bg_nbd', timeUnit: 'week', parameters: { r: 0.8, alpha: 7, a: 0.8, b: 2.4 } },
  { kind: 'mbg_nbd', timeUnit: 'week', parameters: { r: 0.9, alpha: 6, a: 0.9, b: 1.6 } },
  {
    kind: 'pareto_nbd',
    timeUnit: 'week',
    parameters: { r: 0.55, alpha: 10.6, s: 0.6, beta: 11.7 },
  },
];

class Mean {
  private n = 0;
  private sum = 0;
  private squares = 0;

  add(value: number): void {
    this.n += 1;
    this.sum += value;
    this.squares += value * value;
  }

  get value(): number {
    return this.sum / this.n;
  }

  zScore(expected: number): number {
    const spread = Math.max(1e-300, this.squares / this.n - this.value ** 2);
    return Math.abs(this.value - expected) / Math.sqrt(spread / this.n);
  }
}

describe.each(LAWS.map((law) => [law.kind, law] as const))('%s', (kind, law) => {
  const model = purchaseKind(kind);
  const theta = thetaOf(law);

  it('makes customers who buy as often as the model says', () => {
    const cohort = { customers: 12_000, minAge: 40, maxAge: 40 };
    const table = simulatePurchases(law, cohort, new SeededRandom(testSeed()));
    const [purchases, ...exactly] = Array.from({ length: 6 }, () => new Mean());
    for (let i = 0; i < cohort.customers; i++) {
      const x = table.frequency[i] ?? NaN;
      purchases?.add(x);
      exactly.forEach((mean, n) => mean.add(Number(x === n)));
    }
    expect(purchases?.zScore(model.expectedPurchases(theta, 40))).toBeLessThan(5);
    exactly.forEach((mean, n) => expect(mean.zScore(model.pmf(theta, n, 40))).toBeLessThan(5));
  });

  it('makes tables that are valid and the same for a seed', () => {
    const cohort = { customers: 2000, minAge: 0.01, maxAge: 500 };
    const table = simulatePurchases(law, cohort, new SeededRandom(5));
    const rows = table.customerIds.map((_, i) => rowOf(table, i));
    expect(tableOf(rows, 'week')).toEqual(table);
    expect(simulatePurchases(law, cohort, new SeededRandom(5))).toEqual(table);
  });

  it.each([
    [0, 0, 39],
    [2, 30.43, 38.86],
    [7, 20, 39],
  ])('draws the future of x = %d, t_x = %d, T = %d', (frequency, recency, age) => {
    const row = { frequency, recency, age };
    const random = new SeededRandom(testSeed());
    const customer = new PosteriorCustomer(law, row);
    const alive = model.pAlive(theta, row);
    const [total, active] = [new Mean(), new Mean()];
    for (let i = 0; i < 12_000; i++) {
      const purchases = customer.drawPurchases(52, random);
      total.add(purchases);
      active.add(Number(purchases > 0));
    }
    expect(total.zScore(alive * model.purchasesIfAlive(theta, row, 52))).toBeLessThan(5);
    expect(active.zScore(alive * model.activeIfAlive(theta, row, 52))).toBeLessThan(5);
  });

  it('draws latents as whole lives with the same history have them', () => {
    // Two purchases within 20 weeks, the last one between weeks 10 and 12: by rejection against the posterior.
    const random = new SeededRandom(testSeed());
    const draws = drawsOf(kind);
    const [rate, dropout] = [new Mean(), new Mean()];
    const [posteriorRate, posteriorDropout] = [new Mean(), new Mean()];
    for (let i = 0; i < 120_000; i++) {
      const latents = draws.newcomer(theta, random);
      const { frequency, recency } = draws.history(latents, 20, random);
      if (frequency !== 2 || recency < 10 || recency > 12) continue;
      rate.add(latents.rate);
      dropout.add(latents.dropout);
      const row = { frequency, recency, age: 20 };
      const drawn = new PosteriorCustomer(law, row).draw(random);
      posteriorRate.add(drawn.rate);
      posteriorDropout.add(drawn.dropout);
    }
    expect(rate.zScore(posteriorRate.value)).toBeLessThan(5);
    if (kind !== 'nbd') expect(dropout.zScore(posteriorDropout.value)).toBeLessThan(5);
  });

  it('refuses parameters that are none', () => {
    const { r = 0, ...rest } = law.parameters;
    expect(r).toBeGreaterThan(0);
    const row = { frequency: 1, recency: 3, age: 9 };
    expect(() =>
      drawFuturePurchases({ ...law, parameters: rest }, row, 10, new SeededRandom(1)),
    ).toThrow(expect.objectContaining({ code: 'clv_parameter_invalid' }));
    expect(drawFuturePurchases(law, row, 10, new SeededRandom(1))).toBeGreaterThanOrEqual(0);
  });
});
