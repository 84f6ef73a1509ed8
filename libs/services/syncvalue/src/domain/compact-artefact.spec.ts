/**
 * Goal: whatever was fitted fits into the registry, and what forecasts is stored bit for bit. Method: artefacts with the
 * longest numbers there are.
 */
import { describe, expect, it } from '@jest/globals';
import { compactArtefact } from './compact-artefact.js';
import { artefactBytes } from './artefact-text.js';
import { MAX_ARTEFACT_BYTES, type FittedArtefact } from './model.js';

const LONG = 0.123_456_789_012_345_67;
const four = { r: LONG, alpha: LONG * 7, a: LONG * 3, b: LONG * 31 };
const bins = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((1234.5678 * i).toPrecision(6)));

function longest(): FittedArtefact {
  const scores = {
    ...{ customers: 1e6, actual: 123_456, predicted: 123_456.789, mae: 0.123_456_789 },
    ...{ rmse: 0.123_456_789, msle: 0.123_456_789, bias: 0.123_456_789, pearson: 0.123_456_789 },
    ...{ spearman: 0.123_456_789, normalizedGini: 0.123_456_789, decileMape: 0.123_456_789 },
    ...{ predictedSpendMicros: 1e15, actualSpendMicros: 1e15 },
    deciles: Array.from({ length: 10 }, () => [123_456, 123_456.789, 123_456] as const),
  };
  const feature = { edges: bins(9), counts: bins(10).map(Math.round) };
  const artefact = {
    purchase: {
      ...{ kind: 'bg_nbd', timeUnit: 'week', parameters: four, parameterNames: Object.keys(four) },
      ...{ logLikelihood: -123_456.789_012_345, standardErrors: four, customers: 1e6 },
      covariance: [four, four, four, four].map((row) => Object.values(row)),
    },
    ensemble: {
      kind: 'ensemble',
      anchors: [bins(20), bins(20)],
      tempo: {
        startDay: 10_000,
        binDays: 28,
        pace: bins(110).map((x) => Number((x / 3).toPrecision(4))),
      },
      season: { level: LONG, index: bins(13) },
    },
    spend: {
      ...{ kind: 'gamma_gamma', parameters: four, standardErrors: four, logLikelihood: LONG },
      ...{ parameterNames: ['p', 'q', 'v'], populationMeanMicros: 36_088_634.251_299_88 },
    },
    ...{ isDropoutIdentified: true, warnings: ['standard_errors_missing'], timeUnit: 'week' },
    average: { frequency: LONG, recency: LONG, age: LONG, spendMeanMicros: 35_974_503.681_592_874 },
    tiers: { mediumMicros: 6_043_040.596, highMicros: 33_387_323.9, topMicros: 141_216_476.01 },
    population: {
      frequency: feature,
      recency: feature,
      age: feature,
      spend: feature,
      score: feature,
    },
    backtest: { calibrationDay: 1e4, holdoutDay: 1e4, model: scores, naive: scores },
  };
  return artefact as unknown as FittedArtefact;
}

describe('compactArtefact', () => {
  it('makes the longest artefact small enough, without its deciles if it has to', () => {
    const artefact = longest();
    expect(artefactBytes(artefact)).toBeGreaterThan(MAX_ARTEFACT_BYTES);
    const short = compactArtefact(artefact);
    expect(artefactBytes(short)).toBeLessThanOrEqual(MAX_ARTEFACT_BYTES);
  });

  it('leaves what forecasts as it is, and everybody in their tier', () => {
    const artefact = longest();
    const short = compactArtefact(artefact);
    expect(short.purchase.parameters).toEqual(artefact.purchase.parameters);
    expect(short.purchase.logLikelihood).toBe(artefact.purchase.logLikelihood);
    expect(short.ensemble).toEqual(artefact.ensemble);
    expect(short.spend.parameters).toEqual(artefact.spend.parameters);
    expect(short.spend.populationMeanMicros).toBe(artefact.spend.populationMeanMicros);
    expect(short.purchase.standardErrors?.['r']).toBeCloseTo(LONG, 7);
    expect(short.tiers).toEqual({
      ...{ mediumMicros: 6_043_040, highMicros: 33_387_323, topMicros: 141_216_476 },
    });
  });
});
