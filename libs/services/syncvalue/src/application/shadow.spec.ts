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

/** A tenant for whom one of the steps fails. */
interface Failing {
  readonly tenant: string;
  readonly broken: string;
}

class Kept extends ShadowStore {
  readonly batches: ShadowBatch[] = [];
  readonly tenants: string[] = [];

  constructor(private readonly failing: Failing | undefined) {
    super();
  }
  override async add(tenant: string, batch: ShadowBatch): Promise<void> {
    if (this.failing?.tenant === tenant) throw new Error('storing');
    this.batches.push(batch);
    this.tenants.push(tenant);
  }
  override newest() {
    return Promise.resolve(undefined);
  }
}

class Told extends ShadowObserver {
  readonly pairs: number[] = [];
  override compared(_tenant: string, pairs: number): void {
    this.pairs.push(pairs);
  }
}

function shadowOf(share: number, hasChallenger = true, failing?: Failing) {
  const asked: string[][] = [];
  const execute = (tenant: string, queries: CustomerQuery[], { model }: AskedOptions) => {
    if (failing?.tenant === tenant && failing.broken === 'predicting') {
      return Promise.reject(new Error('predicting'));
    }
    const label = model !== undefined && 'label' in model ? model.label : '';
    if (label === 'challenger' && !hasChallenger) return Promise.reject(errors.model_missing());
    asked.push(queries.map((query) => (query && 'customerId' in query ? query.customerId : '')));
    const value = BigInt(label === 'challenger' ? 3 : 2);
    const outcomes = queries.map(() => ({ prediction: { ltvMicros: value } }));
    return Promise.resolve({ outcomes, stamp: { model: { version: label } } });
  };
  const store = new Kept(failing);
  const predictions = { execute } as unknown as PredictCustomers;
  const told = new Told();
  return { shadow: new Shadow(predictions, store, told, share), store, asked, told };
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

  it('tells that there is nothing to compare any more', async () => {
    for (const [hasChallenger, pairs] of [
      [true, [2]],
      [false, [0]],
    ] as const) {
      const { shadow, told } = shadowOf(1, hasChallenger);
      shadow.offer('t', ids(2), OPTIONS);
      await shadow.flush(signal);
      expect(told.pairs).toEqual(pairs);
    }
  });

  it('compares the other tenants where one fails, and throws that at the end', async () => {
    for (const broken of ['predicting', 'storing']) {
      const { shadow, store } = shadowOf(1, true, { tenant: 'b', broken });
      for (const tenant of ['a', 'b', 'c']) shadow.offer(tenant, ids(2), OPTIONS);
      await expect(shadow.flush(signal)).rejects.toThrow(broken);
      expect(store.tenants).toEqual(['a', 'c']);
      await shadow.flush(signal);
      expect(store.tenants).toEqual(['a', 'c']);
    }
  });

  it('ends at once when it is told to', async () => {
    const { shadow, store } = shadowOf(1);
    shadow.offer('t', ids(2), OPTIONS);
    await expect(shadow.flush(AbortSignal.abort(new Error('leaving')))).rejects.toThrow('leaving');
    expect(store.batches).toEqual([]);
  });

  it('does not grow without end', async () => {
    const { shadow, store } = shadowOf(1);
    for (let i = 0; i < 10; i++) shadow.offer('t', ids(1000), OPTIONS);
    await shadow.flush(signal);
    expect(store.batches[0]?.pairs.champion).toHaveLength(2000);
  });
});

describe('the shadow of brought models', () => {
  /** Models that know one horizon each; undefined: any. */
  async function compared(champion: number | undefined, challenger: number | undefined) {
    const known = { champion, challenger };
    const execute = (_tenant: string, queries: CustomerQuery[], asked: AskedOptions) => {
      const { model, horizonDays } = asked;
      const label = model !== undefined && 'label' in model ? model.label : 'champion';
      const only = known[label];
      if (only !== undefined && horizonDays !== undefined && horizonDays !== only) {
        return Promise.reject(errors.prediction_options_invalid());
      }
      const horizon = only ?? horizonDays ?? 365;
      const outcomes = queries.map(() => ({ prediction: { ltvMicros: BigInt(horizon) } }));
      const stamp = { model: { version: label } };
      return Promise.resolve({ outcomes, stamp, horizonDays: horizon });
    };
    const store = new Kept(undefined);
    const predictions = { execute } as unknown as PredictCustomers;
    const shadow = new Shadow(predictions, store, new Told(), 1);
    shadow.offer('shop', ids(1), OPTIONS);
    await shadow.flush(signal);
    const { pairs } = store.batches[0] ?? {};
    return pairs && [...pairs.champion, ...pairs.challenger];
  }

  it('is over the one horizon that one of them knows, or there is none', async () => {
    expect(await compared(undefined, undefined)).toEqual([365, 365]);
    expect(await compared(undefined, 90)).toEqual([90, 90]);
    expect(await compared(90, undefined)).toEqual([90, 90]);
    expect(await compared(90, 90)).toEqual([90, 90]);
    expect(await compared(90, 30)).toBeUndefined();
  });
});
