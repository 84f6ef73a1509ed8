/**
 * Goal: answers written by hand are those of generated code, byte for byte. Method: random and extreme predictions
 * through both.
 */
import { describe, expect, it } from '@jest/globals';
import * as wire from '@kiki/contract-syncvalue';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import type { PredictedBatch, PredictionOutcome } from '../../application/predict-customers.js';
import type { Prediction } from '../../domain/predictor.js';
import { resultOf, predictionAnswer, stampAnswer } from './answers.js';
import { encodedBatch, encodedPrediction, servedGrpc } from './prediction-codec.js';

const stamp = {
  model: {
    version: 'v12',
    createdAtMs: 1_700_000_000_000,
    artefact: {
      purchase: { kind: 'bg_nbd' },
      timeUnit: 'week',
      currency: 'USD',
      timeZone: 'Europe/Berlin',
      calibrationDay: 19_700,
    },
  },
  labels: ['champion'],
  ageSeconds: 61,
  unseenSeconds: 86_400,
  isStale: false,
} as unknown as PredictedBatch['stamp'];

const number = fc.oneof(
  fc.double({ noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, NaN, Number.MAX_VALUE, Number.MIN_VALUE),
);
const micros = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  fc.constantFrom(-1n, 0n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, -(2n ** 53n)),
);
const prediction: fc.Arbitrary<Prediction> = fc.record({
  value: fc.record({
    aliveProbability: number,
    purchasesIfAlive: number,
    expectedPurchases: number,
    discountFactor: number,
    activeProbability: number,
    spendMicros: number,
    margin: number,
    valueMicros: number,
  }),
  ltvMicros: micros,
  expectedSpendMicros: micros,
  tier: fc.constantFrom('low' as const, 'medium' as const, 'high' as const, 'top' as const),
  fallbackReason: fc.constantFrom(undefined, 'cold_start' as const, 'population_spend' as const),
});
const problem = fc.record({ code: fc.string(), message: fc.string(), field: fc.string() });
const outcome: fc.Arbitrary<PredictionOutcome> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ prediction }) },
  { weight: 1, arbitrary: fc.record({ problem }) },
);
const batch: fc.Arbitrary<PredictedBatch> = fc.record({
  outcomes: fc.array(outcome, { maxLength: 40 }),
  stamp: fc.constant(stamp),
  terms: fc.record({
    currency: fc.constantFrom('USD', 'EUR', '', 'X'.repeat(90)),
    timeZone: fc.constant('UTC'),
    firstDay: fc.constant(1),
    newestDay: fc.constant(2),
    transactionCount: fc.constant(3n),
  }),
  horizonDays: fc.double({ min: 0.001, max: 36_525, noNaN: true }),
  asOf: fc.date({ noInvalidDate: true, min: new Date(-6e13), max: new Date(2e14) }),
});

const settingOf = ({ terms, horizonDays, asOf }: PredictedBatch) => {
  return { currency: terms.currency, horizonDays, asOf };
};

describe('predictions on the wire', () => {
  it('are what generated code writes of a batch', () => {
    fc.assert(
      fc.property(batch, (asked) => {
        const results = asked.outcomes.map((one) => resultOf(one, settingOf(asked)));
        const expected = wire.PredictBatchResponse.encode({ results, model: stampAnswer(stamp) });
        expect(encodedBatch(asked).toString('hex')).toBe(
          Buffer.from(expected.finish()).toString('hex'),
        );
      }),
      { seed: testSeed(), numRuns: 300 },
    );
  });

  it('are what generated code writes of one', () => {
    fc.assert(
      fc.property(batch, prediction, (asked, one) => {
        const answer = {
          prediction: predictionAnswer(one, settingOf(asked)),
          model: stampAnswer(stamp),
        };
        const expected = wire.PredictResponse.encode(answer).finish();
        expect(encodedPrediction(one, asked).toString('hex')).toBe(
          Buffer.from(expected).toString('hex'),
        );
      }),
      { seed: testSeed(), numRuns: 300 },
    );
  });

  it('have the same layout in batches and streams', () => {
    const response = { results: [], model: stampAnswer(stamp) };
    expect(wire.PredictStreamResponse.encode(response).finish()).toEqual(
      wire.PredictBatchResponse.encode(response).finish(),
    );
    const bytes = Buffer.from([1, 2, 3]);
    expect(servedGrpc.definition.predict.responseSerialize(bytes as never)).toBe(bytes);
  });
});
