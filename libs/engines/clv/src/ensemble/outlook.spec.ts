/**
 * Goal: the ensemble's fast way to a forecast is its definition to nine digits, and remembering changes no answer.
 * Method: the definition written out, each member asked anew at each moment and discounted by dense quadrature between
 * the kinks of level and season; models made up, with members that bend early and late.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { DAYS_PER_YEAR } from '../forecast.js';
import type { Observed } from '../models/purchase-kind.js';
import { integrate } from '../numerics/gauss-legendre.js';
import { activeIfAlive, cumulative } from './count-distribution.js';
import { Ensemble } from './ensemble.js';
import type { EnsembleModel } from './ensemble-model.js';
import { Member, type MemberModel } from './member.js';
import { OperationalTime } from './operational-time.js';
import { NO_SEASON, seasonChanges, seasonIndex, type Season } from './season.js';
import { timedRow } from './timed-rows.js';

const CDNOW: readonly MemberModel[] = [
  { kind: 'pareto_nbd', theta: [0.51, 10.42, 0.805, 22.98] },
  { kind: 'bg_nbd', theta: [0.259, 5.03, 0.72, 2.515] },
];
const EAGER: readonly MemberModel[] = [
  { kind: 'pareto_nbd', theta: [2.1, 30, 1.4, 0.6] },
  { kind: 'bg_nbd', theta: [1.8, 1.1, 3, 1.2] },
];
const YEAR: Season = {
  level: 0.944,
  index: [0.957, 0.973, 0.971, 1.017, 1.09, 1.075, 0.957, 0.962, 1.4, 1.038, 0.7, 0.946, 0.977],
};

function modelOf(paced: readonly MemberModel[], season: Season): EnsembleModel {
  return {
    ...{ kind: 'ensemble', timeUnit: 'week', calibrationDay: 10_134, customers: 1000 },
    ...{ anchors: paced, paced, season, weights: [0.608, 0.392], slope: 0.898, windowDays: 91 },
    tempo: { startDay: 9854, binDays: 28, pace: [1.103, 1.257, 0.8, 1.08, 0.88, 1.2, 1, 0.92] },
    levels: [
      [45.5, 0.93],
      [91, 0.94],
      [182, 0.95],
      [364, 0.93],
      [728, 0.99],
    ],
    ...{ origins: 1, shock: { scale: 0.0916, degreesOfFreedom: 5 } },
  };
}

/** E[purchases within days] as it is defined. */
function definition(
  model: EnsembleModel,
  row: Observed,
  asOfDay: number,
): (days: number) => number {
  const members = model.paced.map((member) => new Member(member));
  const standing = { asOfDay, timeUnit: model.timeUnit };
  const { paced } = timedRow(row, new OperationalTime(model.tempo), standing);
  const blend = (days: number): number =>
    members.reduce((product, member, k) => {
      return product * member.expected(paced, days / 7) ** (model.weights[k] ?? 0);
    }, 1);
  const tilt = blend(model.windowDays) ** (model.slope - 1);
  const fromDay = asOfDay - model.calibrationDay;
  const knots = [0, ...knotsOf(model, fromDay, 4000)].sort((a, b) => a - b);
  const grown = (from: number, to: number): number => {
    const middle = (from + to) / 2;
    const factor = levelAt(model, middle) * seasonIndex(model.season, fromDay + middle);
    return (blend(to) - (from === 0 ? 0 : blend(from))) * factor;
  };
  const sums = [0];
  knots.slice(1).forEach((to, i) => sums.push((sums[i] ?? 0) + grown(knots[i] ?? 0, to)));
  return (days) => {
    const last = knots.findLastIndex((knot) => knot < days);
    return ((sums[last] ?? 0) + grown(knots[last] ?? 0, days)) * model.season.level * tilt;
  };
}

function knotsOf({ levels, season }: EnsembleModel, fromDay: number, days: number): number[] {
  const all = [...levels.map(([until]) => until), ...seasonChanges(season, fromDay, days)];
  return [...new Set(all)].filter((day) => day < days);
}

function levelAt({ levels }: EnsembleModel, days: number): number {
  return (levels.find(([until]) => until >= days) ?? levels.at(-1))?.[1] ?? NaN;
}

/** Where a member all but knows it the path has a kink: where that member expects 1e-12. */
function isGone({ paced }: EnsembleModel, row: Observed): boolean {
  return paced.some((member) => new Member(member).aliveProbability(row) < 1e-6);
}

interface Asked {
  readonly horizonDays: number;
  readonly annualDiscountRate: number;
}

function discountedDensely(path: (days: number) => number, knots: readonly number[], asked: Asked) {
  const { horizonDays, annualDiscountRate } = asked;
  const delta = Math.log1p(annualDiscountRate) / DAYS_PER_YEAR;
  const ends = [...knots.filter((day) => day > 0 && day < horizonDays), horizonDays];
  ends.sort((a, b) => a - b);
  let [area, from] = [0, 0];
  for (const to of ends) {
    // In cubes: dense where the path starts.
    const at = (u: number): number => path(u ** 3) * Math.exp(-delta * u ** 3) * 3 * u * u;
    area += integrate(at, Math.cbrt(from), Math.cbrt(to), from === 0 ? 40 : 12);
    from = to;
  }
  return Math.exp(-delta * horizonDays) + (delta * area) / path(horizonDays);
}

const rows = fc
  .record({
    frequency: fc.oneof(fc.nat(3), fc.nat(60), fc.nat(400)),
    ageDays: fc.oneof(fc.nat(300), fc.nat(2000)),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    hours: fc.constantFrom(0, 0, 7.3),
  })
  .map(({ frequency: wanted, ageDays, share, hours }): Observed => {
    // One purchase a day at the most.
    const frequency = Math.min(wanted, ageDays);
    const age = (ageDays + hours / 24) / 7;
    return { frequency, age, recency: frequency === 0 ? 0 : Math.max(frequency / 7, age * share) };
  });
const asked = fc.record({
  horizonDays: fc.oneof(fc.integer({ min: 1, max: 730 }), fc.constantFrom(91, 365, 3650)),
  annualDiscountRate: fc.constantFrom(0.02, 0.1, 0.5, 3),
});

function closeTo(actual: number, expected: number, share: number): void {
  expect(Math.abs(actual / expected - 1)).toBeLessThan(share);
}

describe.each([
  ['CDNOW without a season', CDNOW, NO_SEASON, 0],
  ['CDNOW with a season, asked later', CDNOW, YEAR, 45],
  ['members that bend early and late', EAGER, YEAR, 3],
] as const)('%s', (_name, paced, season, later) => {
  const model = modelOf(paced, season);
  const asOfDay = model.calibrationDay + later;
  const knots = (days: number): number[] => knotsOf(model, later, days);

  it('expects and discounts as defined', () => {
    const ensemble = new Ensemble(model, asOfDay);
    fc.assert(
      fc.property(rows, asked, (row, options) => {
        const path = definition(model, row, asOfDay);
        const { expectedPurchases, discountFactor } = ensemble.forecast(row, options);
        closeTo(expectedPurchases, path(options.horizonDays), 1e-11);
        closeTo(ensemble.expectedPurchases(row, options.horizonDays), expectedPurchases, 1e-12);
        const wanted = discountedDensely(path, knots(options.horizonDays), options);
        const off = Math.abs(discountFactor / wanted - 1) * expectedPurchases;
        expect(off).toBeLessThan(isGone(model, row) ? 1e-7 : 1e-9 * expectedPurchases);
      }),
      { numRuns: 120, seed: testSeed() },
    );
  });

  it('expects more, and more are active, the further it looks', () => {
    const ensemble = new Ensemble(model, asOfDay);
    const horizons = fc.tuple(fc.integer({ min: 1, max: 2500 }), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(rows, horizons, fc.constantFrom(0, 0.1), (row, [near, more], rate) => {
        const at = (horizonDays: number) =>
          ensemble.forecast(row, { horizonDays, annualDiscountRate: rate });
        const [first, second] = [at(near), at(near + more)];
        const least = 1 - 1e-12;
        expect(second.expectedPurchases).toBeGreaterThanOrEqual(first.expectedPurchases * least);
        expect(second.activeProbability).toBeGreaterThanOrEqual(first.activeProbability * least);
        const [now, then] = [first, second].map((f) => f.expectedPurchases * f.discountFactor);
        const wanted = (now ?? NaN) * (1 - 1e-8) - (isGone(model, row) ? 1e-7 : 0);
        expect(then).toBeGreaterThanOrEqual(wanted);
      }),
      { numRuns: 300, seed: testSeed() },
    );
  });

  it('answers the same whatever was asked before', () => {
    const used = new Ensemble(model, asOfDay);
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 20 }), rows, asked, asked, (others, row, a, b) => {
        for (const other of others) used.forecast(other, b);
        const fresh = new Ensemble(model, asOfDay).forecast(row, a);
        expect(used.forecast(row, a)).toEqual(fresh);
        expect(used.forecast(row, a)).toEqual(fresh);
      }),
      { numRuns: 60, seed: testSeed() },
    );
  });
});

it('expects next to nothing, not nothing, of whom a member holds for gone', () => {
  const model = modelOf(CDNOW, NO_SEASON);
  const gone = { frequency: 300, recency: 5, age: 80 };
  const path = definition(model, gone, model.calibrationDay);
  const forecast = new Ensemble(model).forecast(gone, { horizonDays: 91, annualDiscountRate: 0.1 });
  expect(forecast.expectedPurchases).toBeGreaterThan(0);
  closeTo(forecast.expectedPurchases, path(91), 1e-11);
});

it('is worth the same within no days', () => {
  const ensemble = new Ensemble(modelOf(CDNOW, NO_SEASON));
  expect(ensemble.expectedPurchases({ frequency: 2, recency: 3, age: 9 }, 0)).toBe(0);
});

it('knows how likely a living customer buys', () => {
  const mixtures = fc.record({
    aliveProbability: fc.double({ min: 1e-9, max: 1, noNaN: true }),
    meanIfAlive: fc.double({ min: 1e-6, max: 500, noNaN: true }),
    shape: fc.double({ min: 0.01, max: 500, noNaN: true }),
    shockScale: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(mixtures, (mixture) => {
      const nothing = cumulative(mixture, 0)[0] ?? NaN;
      const active = activeIfAlive(mixture);
      expect(1 - mixture.aliveProbability * active).toBeCloseTo(nothing, 12);
      expect(active).toBeGreaterThan(0);
      expect(active).toBeLessThanOrEqual(1);
    }),
    { seed: testSeed() },
  );
});
