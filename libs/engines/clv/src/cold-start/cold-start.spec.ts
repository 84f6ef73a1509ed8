/**
 * Goal: how customers came is learned where it tells something, believed no more than the data allow, and changes
 * nothing where it is not known. Method: simulated markets with and without effects, held-out newcomers, permutations,
 * and properties of the estimators for any numbers.
 */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { PurchaseForecaster } from '../forecast.js';
import { fitPurchases, type PurchaseModel } from '../purchase-fit.js';
import { rowOf, tableOf } from '../statistics.js';
import { learnAcquisition, strongest, type AcquisitionModel } from './acquisition-model.js';
import { AcquisitionPriors } from './acquisition-prior.js';
import { attributesOf, type AcquisitionAttributes } from './attributes.js';
import { attributeTableOf, market, type Effects, type Market } from './channels.fixture.js';
import { cellSums } from './cell-sums.js';
import { believed, betweenVariance } from './credibility.js';
import { cellsOf } from './factors.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const EFFECTS: Effects = {
  channel: { ads: [0.5, 0.8], search: [1, 1], friends: [1.8, 1.3] },
  country: { de: [1, 1], fr: [1.4, 1], at: [0.7, 1] },
};
const NOTHING: Effects = {
  channel: { ads: [1, 1], search: [1, 1], friends: [1, 1] },
  country: { de: [1, 1], fr: [1, 1], at: [1, 1], ch: [1, 1] },
};

interface Learned {
  readonly past: Market;
  readonly purchases: PurchaseModel;
  readonly model: AcquisitionModel;
}

function learn(past: Market): Learned {
  const purchases = fitPurchases(past.table, 'pareto_nbd').model;
  const model = learnAcquisition(past.table, past.attributes, purchases);
  if (model === undefined) throw new Error('nothing was learned');
  return { past, purchases, model };
}

/** Mean squared error and squared bias per level of what newcomers do within their age. */
function errors(
  { purchases, model }: Learned,
  { table, of }: Market,
): { readonly own: number; readonly population: number } {
  const [forecaster, priors] = [new PurchaseForecaster(purchases), new AcquisitionPriors(model)];
  let [own, population] = [0, 0];
  of.forEach((attributes, i) => {
    const { frequency, age } = rowOf(table, i);
    const expected = forecaster.expectedNewPurchases(age);
    const multiplier = priors.of(attributes)?.purchases ?? 1;
    own += (multiplier * expected - frequency) ** 2;
    population += (expected - frequency) ** 2;
  });
  return { own: own / of.length, population: population / of.length };
}

describe('a market where it matters how customers came', () => {
  let learned: Learned;
  const random = new SeededRandom(testSeed());

  beforeAll(() => {
    learned = learn(market(6000, EFFECTS, { random }));
  });

  it('finds the effects', () => {
    const priors = new AcquisitionPriors(learned.model);
    const of = (attributes: AcquisitionAttributes): number => priors.of(attributes)?.purchases ?? 1;
    expect(of({ channel: 'friends' }) / of({ channel: 'ads' })).toBeGreaterThan(1.8 / 0.5 / 1.35);
    expect(of({ channel: 'friends' }) / of({ channel: 'ads' })).toBeLessThan((1.8 / 0.5) * 1.35);
    expect(of({ country: 'fr' }) / of({ country: 'at' })).toBeGreaterThan(1.5);
    const spend = (channel: string): number => priors.of({ channel })?.spend ?? 1;
    expect(spend('friends') / spend('ads')).toBeGreaterThan(1.3 / 0.8 / 1.2);
    expect(spend('friends') / spend('ads')).toBeLessThan((1.3 / 0.8) * 1.2);
  });

  it('forecasts newcomers it has not seen better than the population does', () => {
    const { own, population } = errors(learned, market(4000, EFFECTS, { random }));
    expect(own).toBeLessThan(0.97 * population);
  });

  it('lies between the population and the raw ratio', () => {
    expect(learned.model.effects.length).toBeGreaterThan(4);
    for (const [, , , purchases, spend, rawPurchases, rawSpend] of learned.model.effects) {
      for (const [multiplier, raw] of [
        [purchases, rawPurchases],
        [spend, rawSpend ?? 1],
      ] as const) {
        expect(multiplier).toBeGreaterThanOrEqual(Math.min(1, raw));
        expect(multiplier).toBeLessThanOrEqual(Math.max(1, raw));
      }
    }
  });

  it('is the same bits in any order of the customers and of their attributes', () => {
    const { past, purchases } = learned;
    const order = past.of.map((_, i) => (i * 2741) % past.of.length);
    const shuffled = order.map((i) =>
      Object.fromEntries(Object.entries(past.of[i] ?? {}).reverse()),
    );
    const table = tableOf(
      order.map((i) => rowOf(past.table, i)),
      'week',
    );
    expect(new Set(order).size).toBe(order.length);
    expect(learnAcquisition(table, attributeTableOf(shuffled), purchases)).toEqual(learned.model);
  });

  it('counts an attribute once that says the same as another', () => {
    const { past, purchases, model } = learned;
    const twice = past.of.map((own) => ({ ...own, source: `by ${own['channel']}` }));
    const both = learnAcquisition(past.table, attributeTableOf(twice), purchases);
    const once = new AcquisitionPriors(model).of({ channel: 'friends' })?.purchases ?? 1;
    const again = new AcquisitionPriors(both ?? model).of({
      channel: 'friends',
      source: 'by friends',
    });
    expect(again?.purchases).toBeGreaterThan(once * 0.97);
    expect(again?.purchases).toBeLessThan(once * 1.05);
  });

  it('leaves rare values to the population and tells how many', () => {
    const { past, purchases, model } = learned;
    const rare = past.of.map((own, i) => ({ ...own, click: `click-${i}` }));
    const table = learnAcquisition(past.table, attributeTableOf(rare), purchases);
    expect(table).toEqual({ ...model, pooled: model.pooled + past.of.length });
    const fewer = strongest(model, 2);
    expect(fewer.effects).toEqual(model.effects.slice(0, 2));
    expect(fewer.pooled + 2).toBe(model.pooled + model.effects.length);
  });

  it('gives back the attributes of each customer', () => {
    const { past } = learned;
    const own = past.of.map((_, i) => attributesOf(past.attributes, i));
    expect(own).toEqual(past.of);
    expect(attributesOf(attributeTableOf([undefined, { a: 'b' }]), 0)).toBeUndefined();
  });

  it('knows nothing of values that it has not seen', () => {
    const priors = new AcquisitionPriors(learned.model);
    expect(priors.of({})).toBeUndefined();
    expect(priors.of({ channel: 'billboard', constructor: 'x' })).toBeUndefined();
  });
});

describe('a market where it does not matter', () => {
  it('stays with the population', () => {
    const random = new SeededRandom(testSeed());
    const learned = learn(market(6000, NOTHING, { random }));
    for (const [, , , purchases, spend] of learned.model.effects) {
      expect(Math.abs(purchases - 1)).toBeLessThan(0.06);
      expect(Math.abs(spend - 1)).toBeLessThan(0.06);
    }
    const { own, population } = errors(learned, market(4000, NOTHING, { random }));
    expect(own).toBeLessThan(1.003 * population);
  });
});

describe('one extreme customer', () => {
  it('is not a thousand facts about a channel', () => {
    const random = new SeededRandom(testSeed());
    const quiet = market(3000, NOTHING, { random });
    const rows = quiet.of.map((_, i) => rowOf(quiet.table, i));
    const of = quiet.of.map((_, i) => ({ channel: i < 50 ? 'whale' : i % 2 === 0 ? 'a' : 'b' }));
    rows[0] = { ...rows[0]!, frequency: 1000, recency: rows[0]!.age, spendMeanMicros: 1e11 };
    const purchases = fitPurchases(quiet.table, 'pareto_nbd').model;
    const model = learnAcquisition(tableOf(rows, 'week'), attributeTableOf(of), purchases);
    const effect = model?.effects.find(([, value]) => value === 'whale');
    expect(effect?.[3] ?? 1).toBeLessThan(1.2);
    expect(effect?.[4] ?? 1).toBeLessThan(1.2);
  });
});

describe('nothing to learn from', () => {
  const random = new SeededRandom(testSeed());
  const quiet = market(300, NOTHING, { random });
  const purchases = fitPurchases(quiet.table, 'nbd').model;

  it('gives no model without attributes', () => {
    const none = attributeTableOf(quiet.of.map(() => undefined));
    expect(learnAcquisition(quiet.table, none, purchases)).toBeUndefined();
  });

  it('gives no effects where nobody came back', () => {
    const rows = quiet.of.map((_, i) => ({ ...rowOf(quiet.table, i), frequency: 0, recency: 0 }));
    const still = tableOf(
      rows.map((row) => ({ ...row, spendMeanMicros: 0 })),
      'week',
    );
    const model = learnAcquisition(still, quiet.attributes, purchases);
    expect(model).toEqual({ customers: 300, effects: [], pooled: 7 });
  });
});

describe('sums over cells', () => {
  it('are exact, so that no order of customers changes a bit', () => {
    const observed = fc.record({
      actual: fc.double({ min: 0, max: 1e12, noNaN: true }),
      expected: fc.double({ min: 0, max: 1e3, noNaN: true }),
      channel: fc.constantFrom('a', 'b', undefined),
    });
    interface One {
      readonly actual: number;
      readonly expected: number;
      readonly channel: string | undefined;
    }
    const sumsOf = (all: readonly One[]): unknown => {
      const own = all.map(({ channel }) => (channel === undefined ? undefined : { channel }));
      const common = Array.from({ length: 40 }, (_, i) => ({ channel: i % 2 === 0 ? 'a' : 'b' }));
      const cells = cellsOf(attributeTableOf([...own, ...common]));
      const column = (of: 'actual' | 'expected'): Float64Array =>
        Float64Array.from([...all.map((one) => one[of]), ...common.map(() => 1)]);
      return cellSums(cells, { actual: column('actual'), expected: column('expected') });
    };
    fc.assert(
      fc.property(fc.array(observed, { minLength: 1, maxLength: 50 }), (all) => {
        expect(sumsOf(all.toReversed())).toEqual(sumsOf(all));
      }),
      { seed: testSeed() },
    );
  });
});

describe('credibility', () => {
  const ratios = fc.array(
    fc.record({
      ratio: fc.double({ min: 0, max: 20, noNaN: true }),
      variance: fc.double({ min: 1e-9, max: 50, noNaN: true }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it('believes something between the population and the ratio', () => {
    fc.assert(
      fc.property(ratios, (all) => {
        const tau2 = betweenVariance(all);
        expect(tau2).toBeGreaterThanOrEqual(0);
        for (const ratio of all) {
          const value = believed(ratio, tau2);
          expect(value).toBeGreaterThanOrEqual(Math.min(1, ratio.ratio));
          expect(value).toBeLessThanOrEqual(Math.max(1, ratio.ratio));
        }
      }),
      { seed: testSeed() },
    );
  });

  it('believes more the less chance there is in a ratio', () => {
    const from = (variance: number): number => believed({ ratio: 3, variance }, 0.5);
    expect(from(0.01)).toBeGreaterThan(from(0.1));
    expect(from(0.1)).toBeGreaterThan(from(1));
    expect(from(1e-12)).toBeCloseTo(3, 9);
  });

  it('solves the moment equation, and is 0 where chance explains all', () => {
    const spread = [0.4, 0.8, 1.3, 2].map((ratio) => ({ ratio, variance: 0.04 }));
    const tau2 = betweenVariance(spread);
    const sum = spread.reduce(
      (s, { ratio, variance }) => s + (ratio - 1) ** 2 / (tau2 + variance),
      0,
    );
    expect(sum).toBeCloseTo(4, 9);
    expect(betweenVariance(spread.map(({ ratio }) => ({ ratio, variance: 1 })))).toBe(0);
  });
});

describe('more customers of the same kind', () => {
  it('bring the multiplier nearer to the raw ratio', () => {
    const random = new SeededRandom(testSeed());
    const base = market(400, EFFECTS, { random });
    const purchases = fitPurchases(base.table, 'nbd').model;
    const distanceOf = (copies: number): number => {
      const rows = Array.from({ length: copies }, (_, k) =>
        base.of.map((_, i) => ({ ...rowOf(base.table, i), customerId: `${k}-${i}` })),
      ).flat();
      const of = Array.from({ length: copies }, () => base.of).flat();
      const model = learnAcquisition(tableOf(rows, 'week'), attributeTableOf(of), purchases);
      const [, , , multiplier, , raw] = model?.effects.find(([, value]) => value === 'ads') ?? [];
      return Math.abs((raw ?? NaN) - (multiplier ?? NaN)) / Math.abs((raw ?? NaN) - 1);
    };
    const distances = [1, 4, 16].map(distanceOf);
    expect(distances[1]).toBeLessThan(distances[0] ?? NaN);
    expect(distances[2]).toBeLessThan(distances[1] ?? NaN);
  });
});
