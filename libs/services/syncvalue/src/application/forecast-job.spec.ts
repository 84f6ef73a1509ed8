/**
 * Goal: a forecast of segments reads one log once and says of each segment what predictions of its customers add up to.
 * Method: a log in memory; sums of the same predictor; customers and days that must not count.
 */
import { describe, expect, it } from '@jest/globals';
import { rowOf, summarize, netDays, TableBuilder } from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import type { LedgerDay } from '../domain/customer-state.js';
import { fit } from '../domain/fitting.js';
import type { FittedArtefact } from '../domain/model.js';
import { Predictor, type ValueTier } from '../domain/predictor.js';
import { ALL_CUSTOMERS } from '../domain/segments.js';
import { forecastLog, type LogForecastJob } from './forecast-job.js';
import type { LogScan } from './log-jobs.js';

const AS_OF = 20_000;
const STANDARD = { horizonDays: 365.25, annualDiscountRate: 0.1 };

/** 300 customers who buy at rates of their own and leave; some come back after the end. */
function simulatedLog(random: SeededRandom): Map<string, LedgerDay[]> {
  const log = new Map<string, LedgerDay[]>();
  for (let i = 0; i < 300; i++) {
    const gap = 5 + random.nextInt(60);
    const days: LedgerDay[] = [];
    for (let day = AS_OF - 300 + random.nextInt(200); day <= AS_OF + 20; day += gap) {
      const purchaseMicros = (10 + random.nextInt(50)) * 1e6;
      days.push({ day, purchases: 1, purchaseMicros, refundMicros: 0, refunds: 0 });
      if (random.nextDouble() < 0.2) break;
    }
    log.set(`c${String(i).padStart(3, '0')}`, days);
  }
  log.set('refunded', [
    { day: AS_OF - 9, purchases: 0, purchaseMicros: 0, refundMicros: 5e6, refunds: 1 },
  ]);
  return log;
}

const log = simulatedLog(new SeededRandom(testSeed()));
let reads = 0;
const scan: LogScan = ({ endDay }, visit, onFraction) => {
  reads += 1;
  for (const [id, days] of log) {
    const known = days.filter(({ day }) => day <= endDay);
    if (known.length > 0) visit(id, known, []);
  }
  onFraction(1);
  return Promise.resolve();
};

const builder = new TableBuilder('week');
for (const [id, days] of log) {
  const history = summarize(netDays(days, AS_OF));
  if (history !== undefined) builder.add(id, history, AS_OF);
}
const table = builder.build();
const fitting = { table, kind: 'bg_nbd', spendKind: 'gamma_gamma', standard: STANDARD } as const;
const artefact: FittedArtefact = {
  ...fit(fitting, () => undefined),
  ...{ timeUnit: 'week', currency: 'USD', timeZone: 'UTC', dataSha256: '' },
  ...{ customerCount: 300, transactionCount: 1000, calibrationDay: AS_OF, fitDurationMs: 1 },
};
const options = { horizonDays: 91, annualDiscountRate: 0.2, margin: 0.5 };
const job: LogForecastJob = {
  tenant: 't',
  asOfDay: AS_OF,
  artefact,
  segments: [
    ALL_CUSTOMERS,
    { ...ALL_CUSTOMERS, name: 'best', tiers: ['high', 'top'] },
    { ...ALL_CUSTOMERS, name: 'listed', customerIds: ['c007', 'nobody', 'refunded'] },
  ],
  horizons: [91, 365.25],
  annualDiscountRate: options.annualDiscountRate,
  margin: options.margin,
  levels: [0.05, 0.5, 0.95],
};

describe('forecastLog', () => {
  const predictor = new Predictor(artefact, options, AS_OF);
  const everybody = table.customerIds.map((id, i) => ({
    id,
    prediction: predictor.predict(rowOf(table, i)),
  }));
  const progress: [string, number][] = [];

  it('adds up the predictions of each segment, from one reading', async () => {
    reads = 0;
    const answer = await forecastLog(scan, job, (...at) => progress.push(at));
    expect(reads).toBe(1);
    const tiers: ValueTier[] = ['high', 'top'];
    const members = [
      everybody,
      everybody.filter(({ prediction }) => tiers.includes(prediction.tier)),
      everybody.filter(({ id }) => id === 'c007'),
    ];
    expect(answer.map(({ name, unknown }) => [name, unknown])).toEqual([
      ['all', 0],
      ['best', 0],
      ['listed', 2],
    ]);
    answer.forEach(({ customers, totals }, s) => {
      expect(customers).toBe(members[s]?.length);
      const values = members[s]?.map(({ prediction }) => prediction.value) ?? [];
      const purchases = values.reduce((sum, value) => sum + (value.expectedPurchases ?? NaN), 0);
      const micros = values.reduce((sum, value) => sum + value.valueMicros, 0);
      expect((totals[0]?.purchases.expected ?? NaN) / purchases).toBeCloseTo(1, 6);
      expect((totals[0]?.spendMicros.expected ?? NaN) / micros).toBeCloseTo(1, 6);
      expect(totals[1]?.purchases.expected).toBeGreaterThan(purchases);
    });
  });

  it('counts in how customers came, as predictions do', async () => {
    const effect = ['channel', 'tv', 40, 1.4, 1.2, 1.5, 1.3] as const;
    const acquisition = { customers: 300, effects: [effect], pooled: 0 };
    const learned: FittedArtefact = { ...artefact, acquisition };
    const attributes = { channel: 'tv' };
    const known: LogScan = (asked, visit, onFraction) =>
      scan(
        asked,
        (id, days) => visit(id, days, [{ name: 'channel', value: 'tv', day: AS_OF - 400 }]),
        onFraction,
      );
    const [all] = await forecastLog(known, { ...job, artefact: learned }, () => undefined);
    const predicted = new Predictor(learned, options, AS_OF);
    const micros = table.customerIds.reduce(
      (sum, _id, i) => sum + predicted.predict(rowOf(table, i), attributes).value.valueMicros,
      0,
    );
    const plain = everybody.reduce((sum, { prediction }) => sum + prediction.value.valueMicros, 0);
    expect(micros).toBeGreaterThan(plain);
    expect((all?.totals[0]?.spendMicros.expected ?? NaN) / micros).toBeCloseTo(1, 6);
  });

  it('reports growing progress, reading first', () => {
    const fractions = progress.map(([, fraction]) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(progress[0]).toEqual(['reading', 0]);
    expect(new Set(progress.map(([stage]) => stage))).toEqual(
      new Set(['reading', 'segments', 'forecasting']),
    );
  });

  it('sees nothing of what came after its day', async () => {
    const before = await forecastLog(scan, job, () => undefined);
    log.set('later', [
      { day: AS_OF + 1, purchases: 1, purchaseMicros: 1e6, refundMicros: 0, refunds: 0 },
    ]);
    expect(await forecastLog(scan, job, () => undefined)).toEqual(before);
  });
});
