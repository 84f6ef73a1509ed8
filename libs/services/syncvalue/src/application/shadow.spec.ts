/**
 * Goal: the asked share is sampled, only of what the champion answers, and what cannot be compared is dropped.
 * Method: a fake predictor that says which queries it was given.
 */
import { describe, expect, it } from '@jest/globals';
import type { CustomerQuery } from '../domain/customer-query.js';
import type { AskedOptions } from '../domain/prediction-options.js';
import { errors } from '../errors.js';
import type { PredictCustomers } from './predict-customers.js';
import { Shadow, ShadowObserver, ShadowStore, type ShadowBatch } from './shadow.js';

const OPTIONS: AskedOptions = {
  ...{ horizonDays: undefined, annualDiscountRate: undefined, margin: undefined },
  ...{ asOf: undefined, quantiles: [], model: undefined },
};

class Kept extends ShadowStore {
  readonly batches: ShadowBatch[] = [];
  override async add(_tenant: string, batch: ShadowBatch): Promise<void> {
    this.batches.push(batch);
  }
  override newest() {
    return Promise.resolve(undefined);
  }
}

class Silent extends ShadowObserver {
  override compared(): void {}
}

function shadowOf(share: number, hasChallenger = true) {
  const asked: string[][] = [];
  const execute = (_tenant: string, queries: CustomerQuery[], { model }: AskedOptions) => {
    const label = model !== undefined && 'label' in model ? model.label : '';
    if (label === 'challenger' && !hasChallenger) return Promise.reject(errors.model_missing());
    asked.push(queries.map((query) => (query && 'customerId' in query ? query.customerId : '')));
    const value = BigInt(label === 'challenger' ? 3 : 2);
    const outcomes = queries.map(() => ({ prediction: { ltvMicros: value } }));
    return Promise.resolve({ outcomes, stamp: { model: { version: label } } });
  };
  const store = new Kept();
  const predictions = { execute } as unknown as PredictCustomers;
  return { shadow: new Shadow(predictions, store, new Silent(), share), store, asked };
}

const ids = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ customerId: String(i) }) as const);
const signal = new AbortController().signal;

describe('the shadow', () => {
  it.each([1, 0.5, 0.1, 0.03])(
    'takes a share of %f, one at a time or in batches',
    async (share) => {
      for (const size of [1, 7, 100]) {
        const { shadow, store } = shadowOf(share);
        for (let i = 0; i < 1400 / size; i++) shadow.offer('t', ids(size), OPTIONS);
        await shadow.flush(signal);
        const taken = store.batches[0]?.pairs.champion.length ?? 0;
        expect(Math.abs(taken - Math.ceil(1400 / size) * size * share)).toBeLessThanOrEqual(1);
      }
    },
  );

  it('spreads what it takes over a batch', async () => {
    const { shadow, asked } = shadowOf(0.1);
    shadow.offer('t', ids(50), OPTIONS);
    await shadow.flush(signal);
    expect(asked[0]).toEqual(['9', '19', '29', '39', '49']);
  });

  it('keeps both models’ values side by side', async () => {
    const { shadow, store } = shadowOf(1);
    shadow.offer('t', ids(2), OPTIONS);
    await shadow.flush(signal);
    const pairs = { champion: [2, 2], challenger: [3, 3] };
    expect(store.batches).toEqual([{ champion: 'champion', challenger: 'challenger', pairs }]);
  });

  it('takes nothing of other models’ answers, at a share of zero, or without a challenger', async () => {
    const others = [
      { ...OPTIONS, model: { version: 'v1' } },
      { ...OPTIONS, model: { label: 'challenger' } as const },
    ];
    for (const options of others) {
      const { shadow, asked } = shadowOf(1);
      shadow.offer('t', ids(9), options);
      await shadow.flush(signal);
      expect(asked).toEqual([]);
    }
    for (const { shadow, store } of [shadowOf(0), shadowOf(1, false)]) {
      shadow.offer('t', ids(9), OPTIONS);
      await shadow.flush(signal);
      expect(store.batches).toEqual([]);
    }
  });

  it('does not grow without end', async () => {
    const { shadow, store } = shadowOf(1);
    for (let i = 0; i < 10; i++) shadow.offer('t', ids(1000), OPTIONS);
    await shadow.flush(signal);
    expect(store.batches[0]?.pairs.champion).toHaveLength(2000);
  });
});
