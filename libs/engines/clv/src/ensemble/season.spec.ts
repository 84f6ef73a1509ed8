/**
 * Goal: a market's clock and season are learned from what repeats, and only from a year or more. Method: simulated
 * markets with a known pace; hand-made origins with a known slope.
 */
import { expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { PurchaseLog } from '../purchase-log.js';
import { fitEnsemble } from './ensemble-fit.js';
import { simulateMarket } from './market.fixture.js';
import { evenTempo, OperationalTime } from './operational-time.js';
import { seasonChanges, seasonIndex, YEAR_DAYS } from './season.js';
import { stack } from './stacking.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

it('runs time at the pace of each bin', () => {
  const time = new OperationalTime({ startDay: 10, binDays: 28, pace: [2, 0.5] });
  expect(time.at(10)).toBe(0);
  expect(time.at(24)).toBe(28);
  expect(time.at(66)).toBe(70);
  expect(time.at(76) - time.at(66)).toBe(10);
  expect(time.at(5)).toBe(-5);
  const even = new OperationalTime(evenTempo(3, 100, 28));
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 200 }), fc.nat(90), (day, ahead) => {
      expect(even.at(day + ahead) - even.at(day)).toBeCloseTo(ahead, 9);
    }),
    { seed: testSeed() },
  );
});

it('learns a season that repeats', () => {
  const isBusy = (day: number): boolean => day % YEAR_DAYS < 84;
  const customers = simulateMarket({
    customers: 1500,
    days: 2 * YEAR_DAYS + 182,
    arrivalDays: 500,
    seed: testSeed(),
    pace: (day) => (isBusy(day) ? 1.6 : 0.8),
  });
  const { season, tempo } = fitEnsemble(PurchaseLog.of(customers, 2 * YEAR_DAYS + 181));
  expect(season.index).toHaveLength(13);
  // The log ends half way through a year, so the first bins ahead are quiet and the busy ones start after 182 days.
  const mean = (from: number, days: number): number => {
    let sum = 0;
    for (let day = from; day < from + days; day++) sum += seasonIndex(season, day);
    return sum / days;
  };
  expect(mean(182, 84)).toBeGreaterThan(1.2);
  expect(mean(0, 168)).toBeLessThan(1);
  expect(mean(0, YEAR_DAYS)).toBeCloseTo(mean(91, YEAR_DAYS), 9);
  const changes = seasonChanges(season, 20, 10 * YEAR_DAYS);
  expect(changes.slice(0, 2)).toEqual([8, 36]);
  expect(changes.at(-1)).toBe(5 * YEAR_DAYS - 20);
  expect(seasonIndex(season, 5 * YEAR_DAYS)).toBe(1);
  expect(Math.max(...tempo.pace)).toBeGreaterThan(1.3);
});

it('learns none from less than a year', () => {
  const customers = simulateMarket({
    customers: 300,
    days: 400,
    arrivalDays: 60,
    seed: testSeed(),
  });
  expect(fitEnsemble(PurchaseLog.of(customers, 380)).season).toEqual({ level: 1, index: [] });
  expect(seasonIndex({ level: 1, index: [] }, 91)).toBe(1);
  expect(seasonChanges({ level: 1, index: [] }, 0, 91)).toEqual([]);
});

it('finds the member that tells customers apart and the slope of too bold a forecast', () => {
  const random = new SeededRandom(testSeed());
  const good = Float64Array.from({ length: 4000 }, () => 4 * random.nextDouble() - 3);
  const bad = good.map((value) => value + 3 * (random.nextDouble() - 0.5));
  const actual = good.map((value) => poisson(Math.exp(0.3 + 0.7 * value), random));
  const origin = { endDay: 0, windowDays: 91, anchorTotals: [1, 1], actual };
  const { weights, slope } = stack([{ ...origin, logExpected: [good, bad] }]);
  expect(weights[0]).toBeGreaterThan(0.85);
  expect(slope).toBeGreaterThan(0.6);
  expect(slope).toBeLessThan(0.85);
  const turned = stack([{ ...origin, logExpected: [bad, good] }]);
  expect(turned.weights[1]).toBeCloseTo(weights[0] ?? NaN, 9);
  expect(stack([])).toEqual({ weights: [0.5, 0.5], slope: 1 });
});

function poisson(mean: number, random: SeededRandom): number {
  let [n, product] = [0, random.nextDouble()];
  while (product > Math.exp(-mean)) {
    n++;
    product *= random.nextDouble();
  }
  return n;
}
