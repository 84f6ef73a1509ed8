/**
 * Goal: no alarm where customers come and behave as ever, however long ago the fit was, and one where they change.
 * Method: a simulated shop, fitted once and measured again each month; CDNOW, whose customers all came in one quarter.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { PurchaseHistory, rowOf, ValueModel } from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { readOrderLog } from '@kiki/orderlog';
import { describeWithData, testSeed } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { featureDrifts, overallDrift, type FeatureDrift } from './drift.js';
import { fit } from './fitting.js';
import { PopulationCounter } from './population-counter.js';
import { populationProfile, type PopulationProfile } from './population-profile.js';

jest.setTimeout(120_000);

const STANDARD = { horizonDays: 365.25, annualDiscountRate: 0.1 };
const FITTED_DAY = 365;
const LEAVING = 0.2;
/** Newcomers a day. */
const COMING = 12;

/** What happens from FITTED_DAY on. */
interface Change {
  /** Chance to leave after a purchase. */
  readonly leaving?: number;
  /** Factor of purchase rates. */
  readonly rate?: number;
  /** Factor of amounts. */
  readonly amount?: number;
}

/** A shop that wins as many customers each day; they buy at rates of their own until they leave. */
function shop(change: Change = {}, openDays = FITTED_DAY): PurchaseHistory {
  const { leaving = LEAVING, rate = 1, amount = 1 } = change;
  const random = new SeededRandom(testSeed());
  const exponential = (): number => -Math.log(1 - random.nextDouble());
  const opening = FITTED_DAY - openDays;
  const history = new PurchaseHistory();
  for (let i = 0; i < COMING * (openDays + 180); i++) {
    const perDay = (exponential() + exponential()) / 60;
    const mean = 2e7 * (0.5 + random.nextDouble());
    for (let day = opening + i / COMING; day < FITTED_DAY + 180;) {
      const isLater = day >= FITTED_DAY;
      const micros = mean * (0.5 + random.nextDouble()) * (isLater ? amount : 1);
      history.addDay(`c${i}`, Math.floor(day), Math.round(micros));
      if (random.nextDouble() < (isLater ? leaving : LEAVING)) break;
      day += exponential() / (perDay * (isLater ? rate : 1));
    }
  }
  return history;
}

/** The drift of every feature some days after a fit. */
function driftsOf(history: PurchaseHistory, fittedDay = FITTED_DAY) {
  const table = history.table(fittedDay, 'week');
  const fitted = fit({ table, kind: 'bg_nbd', spendKind: 'mean', standard: STANDARD }, () => {});
  const model = new ValueModel(fitted.purchase, fitted.spend);
  return (daysLater: number): FeatureDrift[] => {
    const now = history.table(fittedDay + daysLater, 'week');
    const { population } = fitted;
    if (population === undefined) throw new Error('a fit measures its population');
    const counter = new PopulationCounter(population);
    for (let i = 0; i < now.customerIds.length; i++) {
      const row = rowOf(now, i);
      counter.add(row, model.valueOf(row, { ...STANDARD, margin: 1 }).valueMicros);
    }
    return featureDrifts(population, (feature) => counter.counts(feature));
  };
}

const MONTHS = [1, 7, 30, 60, 90, 120, 150, 180];

describe('the drift of a shop that goes on as ever', () => {
  it.each([FITTED_DAY, 90])('is stable for half a year after %d days of it', (openDays) => {
    const drifts = driftsOf(shop({}, openDays));
    for (const days of MONTHS) {
      const features = drifts(days);
      expect([days, features.map(({ level }) => level)]).toEqual([
        days,
        Array<string>(5).fill('stable'),
      ]);
      expect(overallDrift(features).maxPsi).toBeLessThan(0.06);
    }
  });
});

describe('the drift of a shop that changes', () => {
  it.each<[string, Change]>([
    ['nobody comes back twice', { leaving: 1 }],
    ['nobody leaves any more', { leaving: 0 }],
    ['nearly nobody buys any more', { rate: 0.02 }],
    ['less is spent', { amount: 0.5 }],
  ])('becomes an alarm within half a year when %s', (_what, change) => {
    const drifts = driftsOf(shop(change));
    expect(overallDrift(drifts(1)).level).toBe('stable');
    expect(overallDrift(drifts(180)).level).toBe('alarm');
  });
});

describe('a population at other ages', () => {
  const table = (ages: readonly number[]) => ({
    timeUnit: 'week' as const,
    customerIds: ages.map((_, i) => `c${i}`),
    frequency: Float64Array.from(ages, (age) => Math.floor(age / 10)),
    recency: Float64Array.from(ages, (age) => (age < 10 ? 0 : age / 2)),
    age: Float64Array.from(ages),
    spendMeanMicros: Float64Array.from(ages, (age) => (age < 10 ? 0 : 1e6)),
  });
  const profileOf = (ages: readonly number[]): PopulationProfile =>
    populationProfile(table(ages), ages);
  const countedOf = (profile: PopulationProfile, ages: readonly number[]): PopulationCounter => {
    const now = table(ages);
    const counter = new PopulationCounter(profile);
    ages.forEach((age, i) => counter.add(rowOf(now, i), age));
    return counter;
  };
  const AGES = Array.from({ length: 1000 }, (_, i) => 1 + (i % 100));

  it('is weighted to those of the fit, and as it is where they are the same', () => {
    const profile = profileOf(AGES);
    expect(countedOf(profile, AGES).counts('frequency')).toEqual({
      ...{ counts: profile.frequency.counts, customers: 1000, effectiveCustomers: 1000 },
    });
    const young = [...AGES, ...AGES.filter((age) => age <= 20)];
    const { counts, customers, effectiveCustomers } = countedOf(profile, young).counts('frequency');
    expect(customers).toBe(1200);
    counts.forEach((count, i) =>
      expect(count / 1200).toBeCloseTo((profile.frequency.counts[i] ?? 0) / 1000, 12),
    );
    expect(effectiveCustomers).toBeGreaterThan(1000);
    expect(effectiveCustomers).toBeLessThan(1200);
  });

  it('tells nothing where those of a tenth are missing, nor of customers older than anybody was', () => {
    const profile = profileOf(AGES);
    const levels = (ages: readonly number[]): string[] => {
      const counter = countedOf(profile, ages);
      return featureDrifts(profile, (feature) => counter.counts(feature)).map(({ level }) => level);
    };
    const older = AGES.map((age) => age + 25);
    expect(levels(older)).toEqual(['unknown', 'unknown', 'alarm', 'unknown', 'unknown']);
    expect(levels([...AGES, ...older.filter((age) => age > 100)])).not.toContain('alarm');
  });
});

describeWithData('ltv/CDNOW_sample.txt', 'the drift of one quarter of newcomers', (path) => {
  it('raises no alarm because they grow older', () => {
    const history = new PurchaseHistory();
    for (const row of readOrderLog(readFileSync(path, 'utf8'), { currency: 'USD' }).rows) {
      history.add(row);
    }
    const drifts = driftsOf(history, Date.UTC(1997, 8, 30) / 86_400_000);
    for (const days of [1, 2, 3, 5, 7, 14, 30, 90, 180]) {
      const features = drifts(days);
      expect(['unknown', 'stable']).toContain(overallDrift(features).level);
    }
  });
});
