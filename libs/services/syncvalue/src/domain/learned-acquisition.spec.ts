/**
 * Goal: an artefact keeps as many effects of acquisition as its bytes allow, the strongest ones; a back-test forecasts
 * with what its past tells of how customers came. Method: effects with long names; two simulated channels.
 */
import { describe, expect, it } from '@jest/globals';
import {
  AttributeTableBuilder,
  fitPurchases,
  fitSpend,
  rowOf,
  simulatePurchases,
  tableOf,
  type AcquisitionEffect,
} from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { artefactBytes } from './artefact-text.js';
import { withinLimit } from './learned-acquisition.js';
import { MAX_ARTEFACT_BYTES, type FittedArtefact } from './model.js';
import { acquiredFactors } from './scored-acquisition.js';
import { score } from './scoring.js';

function artefactWith(effects: readonly AcquisitionEffect[]): FittedArtefact {
  const acquisition = { customers: 500, pooled: 3, effects };
  const facts = { dataSha256: '0'.repeat(2_000), fitDurationMs: 1.5 };
  return { ...facts, acquisition } as unknown as FittedArtefact;
}

describe('withinLimit', () => {
  const effects = Array.from({ length: 40 }, (_, i): AcquisitionEffect => {
    return ['campaign', `${i}-${'ü'.repeat(30)}`, 40 - i, 1.2, 1, 1.3, null];
  });

  it('leaves the weakest effects out, and tells how many', () => {
    const cut = withinLimit(artefactWith(effects));
    const kept = cut.acquisition?.effects ?? [];
    expect(artefactBytes(cut)).toBeLessThanOrEqual(MAX_ARTEFACT_BYTES);
    expect(kept).toEqual(effects.slice(0, kept.length));
    expect(cut.acquisition?.pooled).toBe(3 + effects.length - kept.length);
    const more = artefactWith(effects.slice(0, kept.length + 1));
    expect(artefactBytes(more)).toBeGreaterThan(MAX_ARTEFACT_BYTES);
  });

  it('tells back-tests in fewer digits before an effect goes', () => {
    const scores = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`s${i}`, 1 / (3 + i)]));
    const backtest = { calibrationDay: 20_000, model: { ...scores, customers: 123_456_789 } };
    const large = { ...artefactWith(effects.slice(0, 12)), backtest } as unknown as FittedArtefact;
    expect(artefactBytes(large)).toBeGreaterThan(MAX_ARTEFACT_BYTES);
    const cut = withinLimit(large);
    expect(cut.acquisition).toEqual(large.acquisition);
    expect(cut.backtest?.model).toMatchObject({ s0: 0.33333, customers: 123_456_789 });
  });

  it('leaves alone what is small enough, or too large without any', () => {
    const small = artefactWith(effects.slice(0, 3));
    expect(withinLimit(small)).toBe(small);
    const bare = { dataSha256: '0'.repeat(5_000) } as unknown as FittedArtefact;
    expect(withinLimit(bare)).toBe(bare);
  });
});

describe('a back-test', () => {
  const random = new SeededRandom(testSeed());
  const builder = new AttributeTableBuilder();
  const rows = Array.from({ length: 1_500 }, (_, i) => {
    const isFast = i % 2 === 0;
    builder.add({ channel: isFast ? 'fast' : 'slow' });
    const law = {
      kind: 'pareto_nbd',
      timeUnit: 'week',
      parameters: { r: 0.8, alpha: isFast ? 6 : 18, s: 0.6, beta: 12 },
    } as const;
    const one = simulatePurchases(law, { customers: 1, minAge: 4, maxAge: 60 }, random);
    return { ...rowOf(one, 0), customerId: `c${i}`, spendMeanMicros: 10_000_000 };
  });
  const table = tableOf(
    rows.map((row) => ({ ...row, spendMeanMicros: row.frequency === 0 ? 0 : row.spendMeanMicros })),
    'week',
  );
  const attributes = builder.build();

  it('counts how customers came, more for the young ones', () => {
    const purchases = fitPurchases(table, 'pareto_nbd').model;
    const factorsOf = acquiredFactors({ table, attributes }, purchases, fitSpend(table).model);
    const at = (index: number, age: number): number =>
      factorsOf({ frequency: 0, recency: 0, age, spendMeanMicros: 0 }, index).purchases;
    expect(at(0, 0)).toBeGreaterThan(1.3);
    expect(at(1, 0)).toBeLessThan(0.7);
    expect(at(0, 30)).toBeLessThan(at(0, 3));
    expect(at(0, 30)).toBeGreaterThan(1);
    const none = acquiredFactors({ table }, purchases, fitSpend(table).model);
    expect(none(rowOf(table, 0), 0)).toEqual({ purchases: 1, spend: 1 });
  });

  it('scores the forecast that counts it', () => {
    const n = rows.length;
    const window = {
      ...({ table, kind: 'pareto_nbd', spendKind: 'gamma_gamma' } as const),
      ...{ asOfDay: 20_000, horizon: 13 },
      actualPurchases: new Float64Array(n),
      actualSpendMicros: new Float64Array(n),
    };
    const plain = score(window, () => undefined);
    const counted = score({ ...window, attributes }, () => undefined);
    expect(counted.model.scores.predicted).not.toBe(plain.model.scores.predicted);
    expect(counted.naive).toEqual(plain.naive);
  });
});
