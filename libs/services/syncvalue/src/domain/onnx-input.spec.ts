/**
 * Goal: a graph is asked exactly what was declared: these columns, in this order, of these customers, for these horizons.
 * Method: properties over random customers; every feature against its definition.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ONNX_FEATURES, type OnnxDeclaration, type OnnxFeature } from './onnx-declaration.js';
import { OnnxInputs } from './onnx-input.js';

const average = { frequency: 1.5, recency: 40, age: 200, spendMeanMicros: 20_000_000 };
const declared = (
  features: readonly OnnxFeature[],
  inputType: OnnxDeclaration['inputType'] = 'float64',
): OnnxInputs => {
  const names = { name: 'm', inputName: 'x', outputName: 'y', currency: 'USD' };
  return new OnnxInputs({ ...names, features, inputType, outputMeaning: 'purchases' }, average);
};

const customer = fc
  .record({
    frequency: fc.nat(50),
    age: fc.double({ min: 0, max: 3000, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    spend: fc.option(fc.nat(10_000), { nil: undefined }),
  })
  .map(({ frequency, age, share, spend }) => ({
    frequency,
    age,
    recency: frequency === 0 ? 0 : age * share,
    spendMeanMicros: spend === undefined ? undefined : spend * 1e6,
  }));

describe('the input of a graph', () => {
  it('has one row a customer and horizon, one column a feature, in the declared order', () => {
    const anyFeatures = fc.shuffledSubarray([...ONNX_FEATURES], { minLength: 1 });
    const horizons = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 2 });
    const customers = fc.array(customer, { maxLength: 5 });
    fc.assert(
      fc.property(anyFeatures, customers, horizons, (features, people, horizonsDays) => {
        const { rows, data } = declared(features).of(people, horizonsDays);
        expect(rows).toBe(people.length * horizonsDays.length);
        expect(data).toHaveLength(rows * features.length);
        expect([...data].every(Number.isFinite)).toBe(true);
        horizonsDays.forEach((horizonDays, h) =>
          people.forEach((person, i) =>
            features.forEach((feature, j) => {
              const [alone] = declared([feature]).of([person], [horizonDays]).data;
              expect(data[(h * people.length + i) * features.length + j]).toBe(alone);
            }),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('has what each feature is defined as', () => {
    fc.assert(
      fc.property(customer, (person) => {
        const { frequency, recency, age, spendMeanMicros } = person;
        const spend = frequency === 0 ? 0 : (spendMeanMicros ?? average.spendMeanMicros) / 1e6;
        const expected: Record<OnnxFeature, number> = {
          repeat_purchases: frequency,
          recency_days: recency,
          age_days: age,
          mean_repeat_spend: spend,
          horizon_days: 90,
          days_since_last_purchase: age - recency,
          mean_days_between_purchases: frequency === 0 ? 0 : recency / frequency,
          repeat_purchases_per_day: frequency / Math.max(1, age),
          total_repeat_spend: frequency * spend,
          population_repeat_purchases: 1.5,
          population_mean_repeat_spend: 20,
        };
        const { data } = declared(ONNX_FEATURES).of([person], [90]);
        expect([...data]).toEqual(ONNX_FEATURES.map((feature) => expected[feature]));
      }),
    );
  });

  it('has the type that was declared', () => {
    const person = { frequency: 0, recency: 0, age: 0.1, spendMeanMicros: undefined };
    const narrow = declared(['age_days'], 'float32').of([person], [1]).data;
    expect(narrow).toEqual(Float32Array.of(0.1));
    expect(declared(['age_days']).of([person], [1]).data).toEqual(Float64Array.of(0.1));
  });
});
