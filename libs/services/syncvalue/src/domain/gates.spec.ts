/**
 * Goal: a model becomes champion only when its back-test says so, and what the back-test cannot say refuses nobody.
 * Method: artefacts that differ in one number each.
 */
import { describe, expect, it } from '@jest/globals';
import { askGates, failedGates, gateSummary, type GateName } from './gates.js';
import type { ModelArtefact } from './model.js';
import type { StoredBacktest, StoredScores } from './stored-backtest.js';

const SETTINGS = {
  ...{ maxMaeRatio: 1, maxBias: 0.25, maxSpendBias: 0.4 },
  ...{ maxDecileMape: 0.5, giniTolerance: 0.01 },
};
const SCORES: StoredScores = {
  customers: 1000,
  actual: 400,
  predicted: 380,
  mae: 0.5,
  rmse: 1,
  msle: 0.2,
  bias: -0.05,
  pearson: 0.5,
  spearman: 0.4,
  normalizedGini: 0.67,
  decileMape: 0.2,
  deciles: Array.from({ length: 10 }, () => [100, 38, 40] as const),
  predictedSpendMicros: 1,
  actualSpendMicros: 1,
};

function artefact(model: Partial<StoredScores> = {}, more: Partial<StoredBacktest> = {}) {
  const naive = { ...SCORES, mae: 0.7 };
  const scores = { ...SCORES, ...model };
  const window = { calibrationDay: 100, holdoutDay: 150 };
  const backtest = { ...window, model: scores, naive, ...more };
  const fitted = { purchase: { kind: 'bg_nbd' }, timeUnit: 'week', backtest };
  return fitted as unknown as ModelArtefact;
}

const candidate = (...of: Parameters<typeof artefact>) => ({
  version: 'v2',
  artefact: artefact(...of),
});
const refused = (...of: Parameters<typeof askGates>): GateName[] =>
  failedGates(askGates(...of)).map(({ gate }) => gate);

/** A champion of another recipe. */
const other = (gini: number | null, more: Partial<StoredBacktest> = {}) => ({
  version: 'v1',
  artefact: {
    ...artefact({ normalizedGini: gini }, more),
    requestedKind: 'pareto_nbd',
  } as ModelArtefact,
});

describe('the gates', () => {
  it('pass a model that forecasts its holdout', () => {
    const results = askGates(candidate(), undefined, SETTINGS);
    expect(failedGates(results)).toEqual([]);
    expect(results.map(({ gate, isApplicable }) => [gate, isApplicable])).toEqual([
      ['backtest', true],
      ['mae_ratio', true],
      ['bias', true],
      ['spend_bias', true],
      ['decile_mape', true],
      ['normalized_gini', false],
    ]);
  });

  it('refuse a model without a back-test', () => {
    const { backtest, ...bare } = artefact();
    expect(backtest).toBeDefined();
    expect(refused({ version: 'v2', artefact: bare }, undefined, SETTINGS)).toEqual(['backtest']);
  });

  it.each<[GateName, Partial<StoredScores>]>([
    ['mae_ratio', { mae: 0.71 }],
    ['bias', { predicted: 400 * 0.64 }],
    ['bias', { predicted: 400 * 1.36 }],
    ['bias', { predicted: 3, actual: 0 }],
    ['spend_bias', { predictedSpendMicros: 172e6, actualSpendMicros: 100e6 }],
    ['spend_bias', { predictedSpendMicros: 40e6, actualSpendMicros: 100e6 }],
    ['decile_mape', { decileMape: 0.51 }],
  ])('refuse by %s alone: %j', (gate, scores) => {
    expect(refused(candidate(scores), undefined, SETTINGS)).toEqual([gate]);
  });

  it('name every gate that refuses, with value and bound', () => {
    const results = askGates(candidate({ mae: 1.4, predicted: 800 }), undefined, SETTINGS);
    expect(gateSummary(results)).toBe('mae_ratio 2 > 1, bias 1 > 0.35');
  });

  it('add the sampling error of the actual count to the bound of the bias', () => {
    const bound = (actual: number): number | undefined =>
      askGates(candidate({ actual }), undefined, SETTINGS).find(({ gate }) => gate === 'bias')
        ?.bound;
    expect(bound(400)).toBeCloseTo(0.25 + 2 / 20, 12);
    expect(bound(4)).toBeCloseTo(0.25 + 2 / 2, 12);
  });

  it('ask for no money where there was none, nor twice where revenue is what is forecast', () => {
    const nothing = { predictedSpendMicros: 5e6, actualSpendMicros: 0 };
    expect(refused(candidate(nothing), undefined, SETTINGS)).toEqual([]);
    const off = { predictedSpendMicros: 5e6, actualSpendMicros: 1e6 };
    const revenue = { purchases: 400, deciles: SCORES.deciles.map(() => 40) };
    expect(refused(candidate(off, { revenue }), undefined, SETTINGS)).toEqual([]);
    expect(refused(candidate(off), undefined, SETTINGS)).toEqual(['spend_bias']);
  });

  it('do not apply where the back-test cannot say', () => {
    const few = SCORES.deciles.map(([n, p], i) => [n, p, i === 9 ? 9 : 40] as const);
    const unknown = { decileMape: 3, deciles: few, bias: null, actual: 0, predicted: 2 };
    expect(refused(candidate(unknown), undefined, SETTINGS)).toEqual([]);
  });

  it('compare with the champion’s own back-test on the same window, within the tolerance', () => {
    expect(refused(candidate(), other(0.679), SETTINGS)).toEqual([]);
    expect(refused(candidate(), other(0.681), SETTINGS)).toEqual(['normalized_gini']);
    expect(refused(candidate(), other(null), SETTINGS)).toEqual([]);
  });

  it('compare with what the fit measured of the champion where the windows differ', () => {
    const champion = other(0.9, { holdoutDay: 149 });
    expect(refused(candidate(), champion, SETTINGS)).toEqual(['normalized_gini']);
    const measured = candidate({}, { champion: { version: 'v1', normalizedGini: 0.6 } });
    expect(refused(measured, champion, SETTINGS)).toEqual([]);
    const old = candidate({}, { champion: { version: 'v0', normalizedGini: 0.6 } });
    expect(refused(old, champion, SETTINGS)).toEqual(['normalized_gini']);
  });

  it('need no comparison with the same recipe, nor with the champion itself', () => {
    const same = { ...candidate({}, { holdoutDay: 149 }), version: 'v1' };
    expect(refused(candidate(), same, SETTINGS)).toEqual([]);
    expect(refused(candidate(), candidate(), SETTINGS)).toEqual([]);
  });
});

describe('of a brought model that speaks of revenue', () => {
  const money = {
    actual: 8_000,
    predicted: 11_000,
    predictedSpendMicros: 11,
    actualSpendMicros: 8,
  };
  const inMoney = (purchases: number, each = 40) => ({
    revenue: { purchases, deciles: Array<number>(10).fill(each) },
  });

  it('the error of the count is that of purchases, not of money', () => {
    const settings = { ...SETTINGS, maxSpendBias: 10 };
    // .375 off: within .25 + 2 / √100, not within .25 + 2 / √8000.
    expect(refused(candidate(money, inMoney(100)), undefined, settings)).toEqual([]);
    expect(refused(candidate(money, inMoney(8_000)), undefined, settings)).toEqual(['bias']);
    expect(refused(candidate(money), undefined, settings)).toEqual(['bias']);
  });

  it('deciles are asked where each has ten purchases', () => {
    const settings = { ...SETTINGS, maxSpendBias: 10, maxBias: 10 };
    const off = { ...money, decileMape: 0.9 };
    expect(refused(candidate(off, inMoney(400, 9)), undefined, settings)).toEqual([]);
    expect(refused(candidate(off, inMoney(400, 10)), undefined, settings)).toEqual(['decile_mape']);
  });

  it('is not compared with what a champion scored in purchases', () => {
    const results = refused(candidate({}, inMoney(400)), other(0.1), SETTINGS);
    expect(results).toContain('normalized_gini');
  });
});
