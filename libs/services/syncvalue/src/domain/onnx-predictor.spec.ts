/**
 * Goal: what a graph gives becomes exactly the value that the contract says, tiers are measured alike whatever is asked
 * for, and nothing that is no number becomes one. Method: properties over random outputs and options; the discount
 * against its integral.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OnnxArtefact } from './model.js';
import { evenDiscount, OnnxPredictor } from './onnx-predictor.js';

const standard = { horizonDays: 365.25, annualDiscountRate: 0.1 };
const artefact = {
  onnx: {
    declaration: {
      ...{ name: 'm', inputName: 'x', inputType: 'float64', outputName: 'y', currency: 'USD' },
      ...{ features: ['horizon_days'], outputMeaning: 'purchases' },
    },
    graphSha256: '',
    graphBytes: 1,
  },
  spend: { kind: 'mean', populationMeanMicros: 10_000_000, parameters: { mean: 10 } },
  average: { frequency: 1, recency: 10, age: 20, spendMeanMicros: 10_000_000 },
  standard,
  tiers: { mediumMicros: 10_000_000, highMicros: 20_000_000, topMicros: 30_000_000 },
} as unknown as OnnxArtefact;
const revenue = { ...artefact, spend: undefined } as unknown as OnnxArtefact;
const somebody = { frequency: 2, recency: 10, age: 20, spendMeanMicros: 7_000_000 };

const options = fc.record({
  horizonDays: fc.double({ min: 1, max: 3650, noNaN: true }),
  annualDiscountRate: fc.double({ min: 0, max: 10, noNaN: true }),
  margin: fc.double({ min: 0.01, max: 1, noNaN: true }),
});
const output = fc.double({ min: 0, max: 1000, noNaN: true });

describe('a brought model', () => {
  it('is worth purchases × spend × margin × discount, or revenue × margin × discount', () => {
    fc.assert(
      fc.property(options, output, (asked, given) => {
        const [bought] = new OnnxPredictor(artefact, asked).answers([somebody], pair(given, given));
        const { value, ltvMicros } = bought?.prediction ?? {};
        const { expectedPurchases = NaN, spendMicros = NaN } = value ?? {};
        const { margin = NaN, discountFactor = NaN, valueMicros = NaN } = value ?? {};
        expect(valueMicros).toBe(expectedPurchases * spendMicros * margin * discountFactor);
        expect(Math.abs(Number(ltvMicros) - valueMicros)).toBeLessThanOrEqual(0.5);
        expect(value).toMatchObject({ aliveProbability: undefined, expectedPurchases: given });
        const [earned] = new OnnxPredictor(revenue, asked).answers([somebody], pair(given, given));
        const micros = given * 1e6 * asked.margin * evenDiscount(asked);
        expect(earned?.prediction?.value.valueMicros).toBe(micros);
        expect(earned?.prediction?.value.expectedPurchases).toBeUndefined();
      }),
    );
  });

  it('has its tier by the standard horizon, which it asks for beside another one', () => {
    const usual = new OnnxPredictor(artefact, { ...standard, margin: 1 });
    expect(usual.ask([somebody, undefined]).data).toEqual(Float64Array.of(365.25, 365.25));
    const other = new OnnxPredictor(artefact, { ...standard, horizonDays: 30, margin: 0.1 });
    expect(other.ask([somebody]).data).toEqual(Float64Array.of(30, 365.25));
    for (const [standardOutput, tier] of [
      [0.5, 'low'],
      [1.1, 'medium'],
      [2.2, 'high'],
      [4, 'top'],
    ] as const) {
      const [one] = usual.answers([somebody], Float64Array.of(standardOutput));
      const [same] = other.answers([somebody], Float64Array.of(0.01, standardOutput));
      expect([one?.prediction?.tier, same?.prediction?.tier]).toEqual([tier, tier]);
    }
  });

  it('says who nobody has seen, and whose spend is unknown', () => {
    const predictor = new OnnxPredictor(artefact, { ...standard, margin: 1 });
    const spendless = { ...somebody, spendMeanMicros: undefined };
    const outcomes = predictor.answers([undefined, spendless, somebody], Float64Array.of(1, 1, 1));
    expect(outcomes.map(({ prediction }) => prediction?.fallbackReason)).toEqual([
      ...['cold_start', 'population_spend', undefined],
    ]);
  });

  it('gives no number for what is none, and the others theirs', () => {
    const predictor = new OnnxPredictor(artefact, { ...standard, margin: 1 });
    const outputs = Float64Array.of(1, NaN, -1e-9, Infinity, 1e300, 2);
    const outcomes = predictor.answers(Array<typeof somebody>(6).fill(somebody), outputs);
    expect(outcomes.map(({ problem }) => problem?.code)).toEqual([
      ...[undefined, 'onnx_output_invalid', 'onnx_output_invalid', 'onnx_output_invalid'],
      ...['money_out_of_range', undefined],
    ]);
  });
});

describe('the discount of even purchases', () => {
  it('is the mean of (1 + d)^−t over the horizon, between its ends', () => {
    fc.assert(
      fc.property(options, (asked) => {
        const steps = 2_000;
        const years = asked.horizonDays / 365.25;
        const at = (t: number): number => (1 + asked.annualDiscountRate) ** -t;
        let mean = 0;
        for (let i = 0; i < steps; i++) mean += at(((i + 0.5) / steps) * years) / steps;
        expect(Math.abs(evenDiscount(asked) / mean - 1)).toBeLessThan(1e-4);
        expect(evenDiscount(asked)).toBeLessThanOrEqual(1);
        expect(evenDiscount(asked)).toBeGreaterThanOrEqual(at(years));
      }),
    );
    expect(evenDiscount({ horizonDays: 90, annualDiscountRate: 0 })).toBe(1);
  });
});

function pair(asked: number, atStandard: number): Float64Array {
  return Float64Array.of(asked, atStandard);
}
