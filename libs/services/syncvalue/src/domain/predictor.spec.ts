/**
 * Goal: tiers, tags and options mean what the contract says. Method: a model fitted to a simulated table, by
 * its parts.
 */
import { describe, expect, it } from '@jest/globals';
import { rowOf, tableOf, type CustomerTable } from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { stampOf } from '../application/stamp.js';
import { fit } from './fitting.js';
import { dayInstant, dayOfInstant } from './ledger-terms.js';
import type { ModelArtefact } from './model.js';
import { Predictor } from './predictor.js';
import { score } from './scoring.js';

function simulated(): CustomerTable {
  const random = new SeededRandom(3);
  const rows = Array.from({ length: 400 }, (_, i) => {
    const age = 20 + random.nextInt(80);
    const frequency = Math.floor(random.nextDouble() ** 3 * 12);
    const recency = frequency === 0 ? 0 : age * (0.2 + 0.8 * random.nextDouble());
    const spendMeanMicros = frequency === 0 ? 0 : (5 + 40 * random.nextDouble() ** 2) * 1e6;
    return { customerId: `c${i}`, frequency, recency, age, spendMeanMicros };
  });
  return tableOf(rows, 'week');
}

const table = simulated();
const standard = { horizonDays: 365.25, annualDiscountRate: 0.1 };
const job = { table, kind: 'bg_nbd', spendKind: 'gamma_gamma', standard } as const;
const stages: [string, number][] = [];
const artefact: ModelArtefact = {
  ...fit(job, (stage, fraction) => stages.push([stage, fraction])),
  timeUnit: 'week',
  currency: 'USD',
  timeZone: 'UTC',
  dataSha256: '',
  customerCount: 400,
  transactionCount: 1000,
  calibrationDay: 20_000,
  fitDurationMs: 1,
};

describe('fit', () => {
  it('reports growing progress and yields JSON that comes back bit for bit', () => {
    const fractions = stages.map(([, fraction]) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    const json = JSON.stringify(artefact);
    expect(json.length).toBeLessThan(4096);
    expect(JSON.parse(json)).toEqual(artefact);
  });
});

describe('Predictor', () => {
  it('puts 50, 30, 15 and 5 of a hundred customers into the tiers, whatever is asked for', () => {
    for (const options of [
      { ...standard, margin: 1 },
      { ...standard, margin: 0.2 },
      { horizonDays: 30, annualDiscountRate: 0, margin: 1 },
    ]) {
      const predictor = new Predictor(artefact, options);
      const counts = { low: 0, medium: 0, high: 0, top: 0 };
      for (let i = 0; i < 400; i++) counts[predictor.predict(rowOf(table, i)).tier] += 1;
      expect(Math.abs(counts.low - 200)).toBeLessThanOrEqual(2);
      expect(Math.abs(counts.medium - 120)).toBeLessThanOrEqual(3);
      expect(Math.abs(counts.high - 60)).toBeLessThanOrEqual(3);
      expect(Math.abs(counts.top - 20)).toBeLessThanOrEqual(2);
    }
  });

  it('tags an unknown customer, and repeats without a known spend', () => {
    const predictor = new Predictor(artefact, { ...standard, margin: 1 });
    const newcomer = { frequency: 0, recency: 0, age: 0, spendMeanMicros: undefined };
    const unknown = predictor.predict(undefined);
    expect(unknown.fallbackReason).toBe('cold_start');
    expect(predictor.predict(newcomer)).toEqual({ ...unknown, fallbackReason: undefined });
    const repeater = { ...newcomer, frequency: 2, recency: 3, age: 9 };
    expect(predictor.predict(repeater).fallbackReason).toBe('population_spend');
  });
});

describe('quantiles of a published model', () => {
  const predictor = new Predictor(artefact, { ...standard, margin: 0.5 });
  const levels = [0.05, 0.5, 0.95];

  it('ascend around the prediction and change nothing else of it, of newcomers too', () => {
    for (const customer of [undefined, ...[0, 1, 2, 3, 4, 5].map((i) => rowOf(table, i))]) {
      const { quantiles = [], ...prediction } = predictor.predictWith(customer, levels);
      expect(prediction).toEqual(predictor.predict(customer));
      expect(quantiles.map(({ level }) => level)).toEqual(levels);
      const [low, middle, high] = quantiles;
      expect(low?.purchases).toBeLessThanOrEqual(middle?.purchases ?? NaN);
      expect(middle?.purchases).toBeLessThanOrEqual(high?.purchases ?? NaN);
      expect(low?.ltvMicros).toBeLessThanOrEqual(prediction.ltvMicros);
      // Of somebody who is nearly gone even the highest may be nothing.
      const isLikely = (prediction.value.expectedPurchases ?? 0) > 0.2;
      if (isLikely) expect(high?.ltvMicros).toBeGreaterThan(prediction.ltvMicros);
    }
  });

  it('scale with the margin', () => {
    const whole = new Predictor(artefact, { ...standard, margin: 1 });
    const customer = rowOf(table, 3);
    const [half, full] = [predictor, whole].map(
      (one) => one.predictWith(customer, [0.95]).quantiles?.[0],
    );
    expect(Number(full?.ltvMicros) / Number(half?.ltvMicros)).toBeCloseTo(2, 5);
    expect(full?.purchases).toBe(half?.purchases);
  });
});

describe('score', () => {
  it('scores the model and the naive rate on the same window', () => {
    const actualPurchases = table.frequency.map((x) => Math.round(x / 2));
    const actualSpendMicros = actualPurchases.map((n) => n * 10e6);
    const window = {
      table,
      kind: 'bg_nbd',
      spendKind: 'gamma_gamma',
      asOfDay: 20_000,
      horizon: 20,
      actualPurchases,
      actualSpendMicros,
    } as const;
    const { model, naive } = score(window, () => undefined);
    expect(model.scores.actual).toBe(naive.scores.actual);
    expect(model.actualSpendMicros).toBe(model.scores.actual * 10e6);
    const byMean = score({ ...window, spendKind: 'mean' }, () => undefined).model;
    expect(byMean.scores).toEqual(model.scores);
    expect(byMean.predictedSpendMicros).not.toBe(model.predictedSpendMicros);
    expect(model.predictedSpendMicros).toBeGreaterThan(0);
    expect(model.scores.predicted).not.toBe(naive.scores.predicted);
  });
});

describe('stampOf', () => {
  const terms = {
    currency: 'USD',
    timeZone: 'UTC',
    firstDay: 1,
    newestDay: 20_003,
    transactionCount: 1n,
  };
  const view = { terms, labels: { champion: 'v2', challenger: 'v1' } };
  const stamp = (ageMs: number) => {
    const model = { version: 'v2', createdAtMs: 1_000_000, artefact };
    return stampOf(model, view, 1_000_000 + ageMs, 35);
  };

  it('tells age, unseen data and staleness', () => {
    expect(stamp(5_900)).toMatchObject({
      ageSeconds: 5,
      unseenSeconds: 3 * 86_400,
      isStale: false,
    });
    expect(stamp(35 * 86_400_000).isStale).toBe(false);
    expect(stamp(35 * 86_400_000 + 1_000)).toMatchObject({ isStale: true, labels: ['champion'] });
  });
});

describe('days of a ledger', () => {
  it('begin at midnight of its time zone', () => {
    const berlin = { timeZone: 'Europe/Berlin' };
    const instant = new Date('2025-06-30T22:30:00Z');
    const day = dayOfInstant(instant, berlin);
    expect(dayInstant(day, berlin)).toEqual(new Date('2025-06-30T22:00:00Z'));
    expect(dayOfInstant(instant, { timeZone: 'UTC' })).toBe(day - 1);
  });
});
