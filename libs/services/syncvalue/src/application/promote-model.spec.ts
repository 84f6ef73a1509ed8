/**
 * Goal: what the gates said of one champion never lets a model replace another one. Method: a fake of the models in
 * which the champion changes at the wrong moment.
 */
import { describe, expect, it } from '@jest/globals';
import { errors } from '../errors.js';
import type { Models, Promotion } from './models.js';
import { PromoteModel, type PromotionRequest } from './promote-model.js';
import type { StoredBacktest, StoredScores } from '../domain/stored-backtest.js';

const SETTINGS = {
  ...{ maxMaeRatio: 1, maxBias: 0.25, maxSpendBias: 0.4 },
  ...{ maxDecileMape: 0.5, giniTolerance: 0.01 },
};
const REQUEST: PromotionRequest = {
  ...{ version: 'v9', label: 'champion', expectedVersion: undefined, kind: 'promotion' },
  ...{ isForced: true, reason: 'a spec', by: 'key' },
};

/** @param champions whom each question for the champion finds; the move sees the last one */
function setUp(champions: readonly (string | undefined)[]) {
  const asked: Promotion[] = [];
  let reads = 0;
  const artefact = { purchase: { kind: 'nbd' }, timeUnit: 'week' };
  const models = {
    artefact: (_tenant: string, version: string) => Promise.resolve({ version, artefact }),
    get: () => {
      const version = champions[Math.min(reads++, champions.length - 1)];
      if (version === undefined) return Promise.reject(errors.model_missing());
      return Promise.resolve({ version, artefact, labels: ['champion'] });
    },
    promote: (_tenant: string, promotion: Promotion) => {
      asked.push(promotion);
      const now = champions.at(-1) ?? null;
      const { expectedVersion } = promotion;
      const isMoved = expectedVersion !== undefined && expectedVersion !== now;
      if (isMoved) return Promise.reject(errors.label_moved());
      return Promise.resolve({ model: {}, previousVersion: now ?? undefined });
    },
  } as unknown as Models;
  return {
    promotions: new PromoteModel(models, SETTINGS, () => Promise.resolve(undefined)),
    asked,
  };
}

describe('PromoteModel', () => {
  it('asks the gates anew when the champion changes meanwhile', async () => {
    const { promotions, asked } = setUp(['v1', 'v2']);
    const { previousVersion } = await promotions.execute('shop', REQUEST);
    expect(previousVersion).toBe('v2');
    expect(asked.map(({ expectedVersion }) => expectedVersion)).toEqual(['v1', 'v2']);
  });

  it('gives up after three champions, and at once when the caller named one', async () => {
    const { promotions, asked } = setUp(['v1', 'v2', 'v3', 'v4']);
    await expect(promotions.execute('shop', REQUEST)).rejects.toMatchObject({
      code: 'label_moved',
    });
    expect(asked).toHaveLength(3);
    const named = setUp(['v1', 'v2']);
    const request = { ...REQUEST, expectedVersion: 'v1' };
    await expect(named.promotions.execute('shop', request)).rejects.toMatchObject({
      code: 'label_moved',
    });
    expect(named.asked).toHaveLength(1);
  });

  it('takes a free place only as long as it is free', async () => {
    const { promotions, asked } = setUp([undefined]);
    await promotions.execute('shop', REQUEST);
    expect(asked[0]?.expectedVersion).toBeNull();
  });

  it('asks no gates for the challenger', async () => {
    const { promotions, asked } = setUp(['v1']);
    const request = { ...REQUEST, label: 'challenger', isForced: false } as const;
    expect((await promotions.execute('shop', request)).gates).toEqual([]);
    expect(asked[0]?.move.gates).toBeUndefined();
  });
});

describe('of a brought model', () => {
  const scores: StoredScores = {
    ...{ customers: 1000, actual: 400, predicted: 400, mae: 0.5, rmse: 1, msle: 0.2, bias: 0 },
    ...{ pearson: 0.5, spearman: 0.4, normalizedGini: 0.6, decileMape: 0.2, deciles: [] },
    ...{ predictedSpendMicros: 400, actualSpendMicros: 400 },
  };
  const backtestOf = (predicted: number): StoredBacktest => ({
    ...{ calibrationDay: 1, holdoutDay: 2, naive: { ...scores, mae: 0.7 } },
    model: { ...scores, predicted },
    champion: { version: 'v1', normalizedGini: 0.5 },
  });

  function bringing(stored: StoredBacktest, newest: StoredBacktest | undefined) {
    const onnx = { declaration: {}, graphSha256: 'sha' };
    const brought = { onnx, timeUnit: 'day', backtest: stored };
    const champion = { purchase: { kind: 'nbd' }, timeUnit: 'week' };
    const asked: Promotion[] = [];
    const models = {
      artefact: () => Promise.resolve({ version: 'v9', artefact: brought }),
      get: () => Promise.resolve({ version: 'v1', artefact: champion, labels: ['champion'] }),
      promote: (_tenant: string, promotion: Promotion) => {
        asked.push(promotion);
        return Promise.resolve({ model: {}, previousVersion: 'v1' });
      },
    } as unknown as Models;
    const promotions = new PromoteModel(models, SETTINGS, () => Promise.resolve(newest));
    const request = { ...REQUEST, isForced: false, reason: '' };
    return { asked, promotion: promotions.execute('shop', request) };
  }

  it('the gates see the newest part of the log, whatever was stored', async () => {
    const better = bringing(backtestOf(4_000), backtestOf(400));
    expect((await better.promotion).gates.every(({ isPassed }) => isPassed)).toBe(true);
    expect(better.asked).toHaveLength(1);
    const worse = bringing(backtestOf(400), backtestOf(4_000));
    await expect(worse.promotion).rejects.toThrow('bias 9 >');
    expect(worse.asked).toEqual([]);
  });

  it('a log too short for a back-test refuses it, although one was stored', async () => {
    const { promotion } = bringing(backtestOf(400), undefined);
    await expect(promotion).rejects.toThrow('backtest');
  });
});
