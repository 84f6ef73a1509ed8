/**
 * Goal: how customers came is learned by a fit, counted in every answer about them, explained, shown, and changes
 * nothing where it is not known. Method: the real service over gRPC on a simulated log of two channels, one of which
 * brings customers who buy more often and dearer.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  customerById,
  FallbackReason,
  ModelKind,
  type CustomerQuery,
  type Model,
  type Prediction,
  type Transaction,
} from '@kiki/contract-syncvalue';
import { waitFor } from '@kiki/testing';
import { codeOf, startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

jest.setTimeout(120_000);

const LOG = { customers: 600, days: 500 };

/** Customers of `friends` buy on every other day of their log; those of `ads` are half as many and half as dear. */
function twoChannels(): Transaction[] {
  const friends = simulatedLog({ ...LOG, seed: 1, prefix: 'f', amount: 40 });
  const ads = simulatedLog({ ...LOG, seed: 2, prefix: 'a', amount: 20 });
  const seen = new Map<string, number>();
  const rare = ads.filter(({ customerId }) => {
    const count = seen.get(customerId) ?? 0;
    seen.set(customerId, count + 1);
    return count < 2;
  });
  const by =
    (channel: string) =>
    (row: Transaction): Transaction => ({
      ...row,
      acquisition: { attributes: { channel, country: 'de', click: row.customerId } },
    });
  return [...friends.map(by('friends')), ...rare.map(by('ads'))];
}

const unknown = (attributes: Record<string, string> | undefined, id = 'new'): CustomerQuery => ({
  ...customerById(id),
  acquisition: attributes && { attributes },
});

describe('how customers came', () => {
  let service: TestService;
  let model: Model;

  const predict = async (query: CustomerQuery): Promise<Prediction> => {
    const { prediction } = await service.client.predict(query);
    if (prediction === undefined) throw new Error('no prediction');
    return prediction;
  };

  beforeAll(async () => {
    service = await startService({ environment: { SYNCVALUE_UPKEEP_EVERY_SECONDS: '1' } });
    await service.client.ingest(twoChannels());
    model = await service.client.fitModel({ kind: ModelKind.BGNBD });
  });

  afterAll(() => service.stop());

  it('is learned, and shown with what it was shrunk from', async () => {
    const answer = await service.client.getModel({
      $case: 'modelVersion',
      value: model.modelVersion,
    });
    const { acquisition, artefactBytes } = answer.model ?? {};
    expect(artefactBytes).toBeLessThanOrEqual(4096);
    const of = (value: string) => acquisition?.effects.find((effect) => effect.value === value);
    expect(acquisition?.customerCount).toBe(model.customerCount);
    // The country is everybody's, the click nobody else's.
    expect(acquisition?.effects.map(({ attribute }) => attribute)).toEqual(['channel', 'channel']);
    expect(acquisition?.pooledValueCount).toBe(Number(model.customerCount) + 1);
    expect(of('friends')?.purchasesMultiplier).toBeGreaterThan(1.1);
    expect(of('ads')?.purchasesMultiplier).toBeLessThan(0.9);
    expect(of('friends')?.spendMultiplier).toBeGreaterThan(1.05);
    for (const { purchasesMultiplier: shrunk, rawPurchasesRatio: raw } of acquisition?.effects ??
      []) {
      expect(Math.abs(shrunk - 1)).toBeLessThanOrEqual(Math.abs(raw - 1));
    }
  });

  it('is counted for somebody unknown, who is still a cold start', async () => {
    const [plain, friend] = [
      await predict(unknown(undefined)),
      await predict(unknown({ channel: 'friends' })),
    ];
    expect(plain.fallbackReason).toBe(FallbackReason.COLD_START);
    expect(plain.acquisition).toBeUndefined();
    expect(friend.fallbackReason).toBe(FallbackReason.COLD_START);
    expect(friend.acquisition?.attributes).toEqual({ channel: 'friends' });
    const { purchasesMultiplier = 0, spendMultiplier = 0 } = friend.acquisition ?? {};
    expect(friend.expectedPurchases).toBeCloseTo(
      purchasesMultiplier * (plain.expectedPurchases ?? NaN),
      9,
    );
    expect(Number(friend.expectedSpendMicros)).toBeCloseTo(
      spendMultiplier * Number(plain.expectedSpendMicros),
      -1,
    );
    expect(friend.ltvMicros).toBeGreaterThan(plain.ltvMicros);
    expect(friend.activeProbability).toBeGreaterThan(plain.activeProbability ?? 1);
    expect((await predict(unknown({ channel: 'ads' }))).ltvMicros).toBeLessThan(plain.ltvMicros);
  });

  it('changes no bit where nothing is known or was learned of it', async () => {
    const plain = await predict(unknown(undefined));
    expect(await predict(unknown({}))).toEqual(plain);
    expect(await predict(unknown({ channel: '' }))).toEqual(plain);
    expect(await predict(unknown({ channel: 'billboard', country: 'fr' }))).toEqual(plain);
  });

  it('is what the log knows of a customer, and goes on from the cold start on their first day', async () => {
    const day = '2024-05-20T12:00:00Z';
    const first: Transaction = {
      transactionId: 'first',
      customerId: 'fresh',
      occurredAt: new Date(day),
      amountMicros: 20_000_000n,
      currency: 'USD',
      kind: 0,
      acquisition: { attributes: { channel: 'friends' } },
    };
    await service.client.ingest([first]);
    const { customer } = await service.client.getCustomer('fresh');
    expect(customer).toMatchObject({
      ageDays: 0,
      acquisition: { attributes: { channel: 'friends' } },
    });
    const [cold, fresh] = [
      await predict(unknown({ channel: 'friends' })),
      await predict(customerById('fresh')),
    ];
    expect(fresh.fallbackReason).toBe(FallbackReason.UNSPECIFIED);
    expect({ ...fresh, fallbackReason: 0 }).toEqual({ ...cold, fallbackReason: 0 });
    // What the caller says does not count against the log, only beside it.
    expect(await predict(unknown({ channel: 'ads' }, 'fresh'))).toEqual(fresh);
  });

  it('fades with the history of a customer, and is the same in a batch and by statistics', async () => {
    const query = (ageDays: number): CustomerQuery => ({
      subject: {
        $case: 'statistics',
        value: { repeatPurchases: 3, recencyDays: 20, ageDays, meanRepeatSpendMicros: 20_000_000n },
      },
      acquisition: { attributes: { channel: 'friends' } },
    });
    const ages = [20, 100, 400];
    const { results } = await service.client.predictBatch(ages.map(query));
    const multipliers: number[] = [];
    for (const [i, age] of ages.entries()) {
      const outcome = results[i]?.outcome;
      const single = await predict(query(age));
      expect(outcome?.$case === 'prediction' && outcome.value).toEqual(single);
      multipliers.push(single.acquisition?.purchasesMultiplier ?? 0);
    }
    expect(multipliers).toEqual(multipliers.toSorted((a, b) => b - a));
    expect(multipliers[2]).toBeGreaterThan(1);
  });

  it('has quantiles of its own', async () => {
    const ask = async (query: CustomerQuery): Promise<number> => {
      const { prediction } = await service.client.predict(query, { quantiles: [0.95] });
      return prediction?.quantiles[0]?.purchases ?? NaN;
    };
    expect(await ask(unknown({ channel: 'friends' }))).toBeGreaterThan(
      await ask(unknown({ channel: 'ads' })),
    );
  });

  it('is explained as a part of the value', async () => {
    const { explanation, prediction } = await service.client.explain(
      unknown({ channel: 'friends' }),
    );
    const parts = explanation?.contributions ?? [];
    expect(parts.map(({ feature }) => feature)).toContain('acquisition');
    expect(parts.find(({ feature }) => feature === 'acquisition')?.valueDelta).toBeGreaterThan(0);
    const sum = parts.reduce(
      (all, { valueDelta }) => all + valueDelta,
      explanation?.populationValue ?? NaN,
    );
    expect(sum).toBeCloseTo(explanation?.factors?.value ?? NaN, 6);
    expect(prediction?.acquisition?.attributes).toEqual({ channel: 'friends' });
    const plain = await service.client.explain(unknown(undefined));
    expect(plain.explanation?.contributions).toHaveLength(4);
  });

  it('is refused where it cannot be', async () => {
    const bad = unknown({ 'no name': 'x' });
    expect(await codeOf(service.client.predict(bad))).toBe('acquisition_invalid');
    const { results } = await service.client.predictBatch([bad, customerById('new')]);
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['error', 'prediction']);
    expect(await codeOf(service.client.explain(bad))).toBe('acquisition_invalid');
  });

  it('is part of what a fit was made from, and of nothing for a tenant without', async () => {
    const plain = await service.clientWith(['value:read', 'value:write'], 'plain');
    await plain.ingest(twoChannels().map((row) => ({ ...row, acquisition: undefined })));
    const without = await plain.fitModel({ kind: ModelKind.BGNBD });
    expect(without.acquisition).toBeUndefined();
    expect(without.parameters).toEqual(model.parameters);
    expect(without.dataSha256).not.toBe(model.dataSha256);
    // The same rows once more, now with how their customers came: the same model as who told it at once.
    await plain.ingest(twoChannels());
    const again = await plain.fitModel({ kind: ModelKind.BGNBD });
    expect(again.acquisition).toEqual(model.acquisition);
    expect(again.dataSha256).toBe(model.dataSha256);
  });

  it('counts in the table of all customers as it does in predictions', async () => {
    const { customers } = await waitFor(
      async () => {
        const page = await service.client.listCustomers({ pageSize: 1_000 });
        return page.customers.some(({ customerId }) => customerId === 'fresh') ? page : undefined;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    const { results } = await service.client.predictBatch(
      customers.map(({ customerId }) => customerById(customerId)),
    );
    const predicted = results.map(({ outcome }) =>
      outcome?.$case === 'prediction' ? outcome.value : undefined,
    );
    expect(predicted.some((prediction) => prediction?.acquisition !== undefined)).toBe(true);
    expect(customers.map(({ ltvMicros, valueTier }) => [ltvMicros, valueTier])).toEqual(
      predicted.map((prediction) => [prediction?.ltvMicros, prediction?.valueTier]),
    );
    const { drift } = await service.client.getDrift();
    expect(drift?.features.find(({ feature }) => feature === 'score')?.psi).toBeLessThan(0.01);
  });
});
