/**
 * Goal: the formulas are right and never leave their range. Method: 18-digit values from mpmath, finite differences
 * against analytic gradients, and properties over a wide grid of parameters and histories.
 */
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { groupRows, tableOf } from '../statistics.js';
import { purchasesIfAlive } from './beta-geometric.js';
import { purchaseKind } from './index.js';
import type { PurchaseKind } from './purchase-kind.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const CDNOW = [0.2425945, 4.4136019, 0.7929199, 2.4258881];
const KINDS = (['bg_nbd', 'mbg_nbd', 'pareto_nbd', 'nbd'] as const).map(purchaseKind);

/** x, T, t, purchases if alive, survival if alive: computed with 40 digits. */
const EXACT = [
  [0, 38.86, 39, 0.194781947124181643, 0.955717493166448406],
  [2, 38.86, 39, 1.68716099195954871, 0.780602864239928071],
  [26, 31, 52, 26.585372512440652, 0.513764106292503156],
  [1000, 1000, 520, 435.990225989292745, 0.718918115764200479],
  [100, 1, 520, 774.381061906601298, 0.0271965526296995472],
  [1, 0.5, 5000, 35.7735564516616312, 0.0209955136881772062],
  [3, 10, 0.01, 0.00224925471727572542, 0.999713263106295512],
  [0, 0, 78, 1.85795600911807857, 0.720328827215443163],
] as const;

const history = fc
  .record({
    frequency: fc.integer({ min: 0, max: 2000 }),
    age: fc.double({ min: 0.001, max: 2000, noNaN: true }),
    share: fc.double({ min: 0.001, max: 1, noNaN: true }),
  })
  .map(({ frequency, age, share }) => ({
    frequency,
    age,
    recency: frequency === 0 ? 0 : age * share,
  }));
const positive = (min: number, max: number) =>
  fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);
/** Also what a fit runs to where the data do not say. */
const shape = fc.oneof(positive(0.05, 200), positive(1e-8, 1e8));
const parameters = fc.tuple(positive(0.01, 50), positive(0.01, 500), shape, shape);
/** Where differences of a likelihood still have digits. */
const sensible = fc.tuple(
  positive(0.01, 50),
  positive(0.01, 500),
  positive(0.05, 200),
  positive(0.05, 200),
);
const horizon = positive(0.01, 5000);

describe('BG/NBD', () => {
  const bg = purchaseKind('bg_nbd');

  it.each(EXACT)(
    'x = %d, T = %d, t = %d agrees with 40-digit arithmetic',
    (x, T, t, cet, alive) => {
      const row = { frequency: x, recency: x === 0 ? 0 : T / 2, age: T };
      expect(Math.abs(bg.purchasesIfAlive(CDNOW, row, t) / cet - 1)).toBeLessThan(1e-11);
      expect(Math.abs(bg.survivalIfAlive(CDNOW, row, t) / alive - 1)).toBeLessThan(1e-11);
    },
  );

  it('has the pmf that lifetimes asserts', () => {
    const theta = [0.243, 4.414, 0.793, 2.426];
    expect(bg.pmf(theta, 10, 2)).toBeCloseTo(1.07869e-7, 12);
    expect(bg.pmf(theta, 0, 39)).toBeCloseTo(0.5737864, 6);
    const printed = [0.0019995214, 0.001517023, 0.001163315, 0.0009003148];
    printed.forEach((p, i) => expect(bg.pmf(theta, 11 + i, 30)).toBeCloseTo(p, 8));
  });

  it('has a pmf that sums to one and has the expectation as its mean', () => {
    let [sum, mean] = [0, 0];
    for (let n = 0; n < 3000; n++) {
      const p = bg.pmf(CDNOW, n, 20);
      sum += p;
      mean += n * p;
    }
    expect(sum).toBeCloseTo(1, 9);
    expect(mean).toBeCloseTo(bg.expectedPurchases(CDNOW, 20), 6);
  });

  it('gives P(alive) of a heavy and long silent buyer as zero, without overflow', () => {
    expect(bg.pAlive(CDNOW, { frequency: 1000, recency: 10, age: 100 })).toBe(0);
    expect(bg.pAlive(CDNOW, { frequency: 254, recency: 38, age: 39 })).toBeGreaterThan(0);
  });

  it('knows no way for a one-time buyer to be gone (documented weakness of the model)', () => {
    expect(bg.pAlive(CDNOW, { frequency: 0, recency: 0, age: 1000 })).toBe(1);
  });

  it('expects one purchase of whoever leaves after the first, where a fit ran to that boundary', () => {
    const [newcomer, theta] = [{ frequency: 0, recency: 0, age: 30 }, [0.22, 30, 6e7, 1.7e-8]];
    const active = bg.activeIfAlive(theta, newcomer, 52);
    expect(Math.abs(bg.purchasesIfAlive(theta, newcomer, 52) / active - 1)).toBeLessThan(1e-9);
  });

  it('crosses a = 1 and large a without a jump', () => {
    const at = (a: number): number => purchasesIfAlive({ shape: 3.2, rate: 40, a, b: 2 }, 39);
    expect(Math.abs(at(1) / at(1 + 1e-9) - 1)).toBeLessThan(1e-8);
    expect(Math.abs(at(1) / at(1 - 1e-9) - 1)).toBeLessThan(1e-8);
    expect(at(5)).toBeLessThan(at(1));
  });
});

describe.each(KINDS.map((kind) => [kind.kind, kind] as const))(
  '%s',
  (_name, kind: PurchaseKind) => {
    const theta = (all: readonly number[]): number[] => all.slice(0, kind.parameterNames.length);

    it('has the gradient that differences of its likelihood have', () => {
      const rows = groupRows(
        tableOf(
          Array.from({ length: 60 }, (_, i) => {
            const frequency = (i * 7) % 9;
            const age = 5 + (i % 30);
            const recency = frequency === 0 ? 0 : age * (0.2 + (i % 5) / 8);
            return { customerId: String(i), frequency, recency, age, spendMeanMicros: 0 };
          }),
          'week',
        ),
      );
      fc.assert(
        fc.property(sensible, (all) => {
          const point = theta(all);
          const gradient = new Float64Array(point.length);
          kind.logLikelihood(point, rows, gradient);
          point.forEach((value, i) => {
            const step = 1e-6 * value;
            const moved = (by: number): number =>
              kind.logLikelihood(
                point.map((other, j) => (i === j ? other + by : other)),
                rows,
              );
            const difference = (moved(step) - moved(-step)) / (2 * step);
            const size = Math.max(1, Math.abs(difference), Math.abs(gradient[i] ?? 0));
            expect(Math.abs((gradient[i] ?? 0) - difference) / size).toBeLessThan(1e-4);
          });
        }),
        { numRuns: 100 },
      );
    });

    it('keeps probabilities in [0, 1] and purchases finite and ≥ 0, far beyond sensible inputs', () => {
      fc.assert(
        fc.property(parameters, history, horizon, (all, row, t) => {
          const at = theta(all);
          for (const p of [
            kind.pAlive(at, row),
            kind.survivalIfAlive(at, row, t),
            kind.activeIfAlive(at, row, t),
          ]) {
            expect(p >= 0 && p <= 1).toBe(true);
          }
          const purchases = [kind.purchasesIfAlive(at, row, t), kind.expectedPurchases(at, t)];
          for (const value of purchases) expect(value >= 0 && Number.isFinite(value)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    it('has a finite discounted residual, smaller for a greater discount', () => {
      fc.assert(
        fc.property(parameters, history, positive(1e-4, 0.1), (all, row, delta) => {
          const [less, more] = [
            kind.residualIfAlive(theta(all), row, delta),
            kind.residualIfAlive(theta(all), row, delta * 2),
          ];
          expect(more >= 0 && more <= less * (1 + 1e-9) && Number.isFinite(less)).toBe(true);
        }),
        { numRuns: 60 },
      );
    });

    it('never expects fewer purchases, nor more survivors, further ahead', () => {
      fc.assert(
        fc.property(parameters, history, horizon, (all, row, t) => {
          const at = theta(all);
          const [near, far] = [
            kind.purchasesIfAlive(at, row, t),
            kind.purchasesIfAlive(at, row, t * 1.5),
          ];
          expect(far).toBeGreaterThanOrEqual(near * (1 - 1e-9));
          const [soon, late] = [
            kind.survivalIfAlive(at, row, t),
            kind.survivalIfAlive(at, row, t * 1.5),
          ];
          expect(late).toBeLessThanOrEqual(soon * (1 + 1e-9));
          expect(kind.activeIfAlive(at, row, t)).toBeLessThanOrEqual(near * (1 + 1e-9) + 1e-300);
        }),
        { numRuns: 200 },
      );
    });

    it('holds a customer who falls silent for less alive, day by day', () => {
      fc.assert(
        fc.property(parameters, history, positive(0.01, 100), (all, row, days) => {
          const later = { ...row, age: row.age + days };
          const [now, then] = [kind.pAlive(theta(all), row), kind.pAlive(theta(all), later)];
          expect(then).toBeLessThanOrEqual(now * (1 + 1e-12));
        }),
        { numRuns: 200 },
      );
    });
  },
);
