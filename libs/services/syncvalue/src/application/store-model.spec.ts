/**
 * Goal: nothing becomes champion beside a champion that its gates never saw. Method: models in memory whose champion may
 * change while a model is made, and between the gates and the move, by fast-check.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import type { GateSettings } from '../domain/gates.js';
import { errors } from '../errors.js';
import type { Models, NewModel, Promotion, StoredModel } from './models.js';
import { PromoteModel } from './promote-model.js';
import { StoreModel, type StoreRequest } from './store-model.js';

const GATES: GateSettings = {
  ...{ maxMaeRatio: 1, maxBias: 0.25, maxSpendBias: 0.5, maxDecileMape: 0.5, giniTolerance: 0.01 },
};
const WINDOW = { calibrationDay: 100, holdoutDay: 200 };

/** A model of which every gate says yes, or the bias gate no. */
function artefact(isGood: boolean): StoredModel['artefact'] {
  const scores = {
    ...{ customers: 100, actual: 1000, predicted: isGood ? 1000 : 3000, mae: 1, rmse: 1, msle: 1 },
    ...{ bias: isGood ? 0 : 2, pearson: 0.5, spearman: 0.5, normalizedGini: 0.5, decileMape: 0.1 },
    ...{ predictedSpendMicros: 1e9, actualSpendMicros: 1e9, deciles: [] },
  };
  const backtest = { ...WINDOW, model: scores, naive: { ...scores, mae: 2 } };
  const facts = { purchase: { kind: 'nbd' }, timeUnit: 'week', requestedKind: 'nbd', backtest };
  return facts as unknown as StoredModel['artefact'];
}

/** Models of one tenant. `disturbed` is called before each change and may move the label itself. */
class MemoryModels {
  readonly stored = new Map<string, StoredModel['artefact']>();
  readonly moves: { readonly version: string; readonly judgedBeside: string | null }[] = [];
  champion: string | undefined;
  disturb: () => void = () => undefined;

  get(): Promise<unknown> {
    if (this.champion === undefined) return Promise.reject(errors.model_missing());
    return Promise.resolve({ version: this.champion, artefact: this.stored.get(this.champion) });
  }

  artefact(_tenant: string, version: string): Promise<unknown> {
    return Promise.resolve({ version, artefact: this.stored.get(version) });
  }

  add(_tenant: string, model: NewModel): Promise<unknown> {
    this.disturb();
    const version = `v${this.stored.size + 1}`;
    this.stored.set(version, model.artefact);
    const isSame = (this.champion ?? null) === model.judgedBeside;
    const isFirst = this.champion === undefined;
    if ((model.label === 'champion' && isSame) || isFirst) this.move(version, model.judgedBeside);
    const labels = this.champion === version ? ['champion'] : [];
    return Promise.resolve({ version, artefact: model.artefact, labels });
  }

  promote(_tenant: string, { version, expectedVersion }: Promotion): Promise<unknown> {
    this.disturb();
    if ((this.champion ?? null) !== expectedVersion) return Promise.reject(errors.label_moved());
    this.move(version, expectedVersion ?? null);
    const model = { version, artefact: this.stored.get(version), labels: ['champion'] };
    return Promise.resolve({ model, previousVersion: expectedVersion });
  }

  private move(version: string, judgedBeside: string | null): void {
    this.moves.push({ version, judgedBeside });
    if (this.champion !== undefined) expect(judgedBeside).toBe(this.champion);
    this.champion = version;
  }
}

function setUp(): { memory: MemoryModels; store: StoreModel } {
  const memory = new MemoryModels();
  const models = memory as unknown as Models;
  const promotions = new PromoteModel(models, GATES, () => Promise.resolve(undefined));
  return { memory, store: new StoreModel(models, promotions, GATES) };
}

function request(isGood: boolean, champion: StoredModel | undefined): StoreRequest {
  const who = { label: 'champion', by: 'key', kind: 'fit', champion } as const;
  return { artefact: artefact(isGood), ...who };
}

describe('StoreModel', () => {
  it('stores what a gate refuses without the label, and says why', async () => {
    const { memory, store } = setUp();
    await store.execute('shop', request(true, undefined));
    const champion = { version: 'v1', createdAtMs: 0, artefact: artefact(true) };
    const { model, gates } = await store.execute('shop', request(false, champion));
    expect(model.labels).toEqual([]);
    expect(gates.filter(({ isPassed }) => !isPassed).map(({ gate }) => gate)).toContain('bias');
    expect(memory.champion).toBe('v1');
  });

  it('asks the gates again where two first models were made at once', async () => {
    const { memory, store } = setUp();
    await store.execute('shop', request(true, undefined));
    const late = await store.execute('shop', request(false, undefined));
    expect(late.model.labels).toEqual([]);
    expect(late.gates.some(({ isPassed }) => !isPassed)).toBe(true);
    const better = await store.execute('shop', request(true, undefined));
    expect(better.model.labels).toEqual(['champion']);
    expect(memory.champion).toBe('v3');
  });

  it('never replaces a champion that the gates did not compare with', async () => {
    const step = fc.record({ isGood: fc.boolean(), changes: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { memory, store } = setUp();
        for (const { isGood, changes } of steps) {
          const now = memory.champion;
          const champion =
            now === undefined
              ? undefined
              : { version: now, createdAtMs: 0, artefact: artefact(true) };
          let left = changes;
          memory.disturb = () => {
            if (left-- <= 0) return;
            const version = `v${memory.stored.size + 1}`;
            memory.stored.set(version, artefact(true));
            memory.champion = version;
          };
          const { model } = await store.execute('shop', request(isGood, champion));
          // Only the very first model of a tenant needs no gate.
          const isChampion = model.labels.includes('champion');
          if (!isGood && memory.stored.size > 1) expect(isChampion).toBe(false);
        }
      }),
      { seed: testSeed(), numRuns: 200 },
    );
  });
});
