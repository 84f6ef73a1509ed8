/**
 * Goal: values are cached for their time, asked for once however many wait, never fail the caller, and say why when
 * they are not the model's. Method: the adapter over a client that counts and answers by hand, on a clock of the test.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PredictBatchResponse, SyncValueClient } from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { FakeClock } from '@kiki/testing';
import type { ValueQuery } from '../../application/customer-values.js';
import { GrpcCustomerValues } from './grpc-customer-values.js';
import { ValueBreaker } from './value-breaker.js';

interface Call {
  readonly ids: string[];
  readonly modelVersion: string | undefined;
  readonly tenant: string | undefined;
}

/** Answers 1,000 micros per character of the id; ids that begin with `new` are unknown, with `bad` wrong. */
class CountingClient {
  calls: Call[] = [];
  gate: Promise<unknown> = Promise.resolve();
  failure: Error | undefined;
  currency = 'EUR';

  async predictBatch(
    customers: { subject?: { value: unknown } }[],
    options?: { model?: { value: string } },
    call?: { tenant?: string },
  ): Promise<PredictBatchResponse> {
    const ids = customers.map(({ subject }) => subject?.value as string);
    this.calls.push({ ids, modelVersion: options?.model?.value, tenant: call?.tenant });
    await this.gate;
    if (this.failure) throw this.failure;
    const results = ids.map((id) => ({
      outcome: id.startsWith('bad')
        ? { $case: 'error', value: { code: 'statistics_invalid' } }
        : { $case: 'prediction', value: this.prediction(id) },
    }));
    return { results, model: { modelVersion: 'm1' } } as unknown as PredictBatchResponse;
  }

  async predict() {
    if (this.failure) throw this.failure;
    const prediction = this.prediction('stranger');
    return Promise.resolve({ prediction, model: { modelVersion: 'm1' } });
  }

  private prediction(id: string): object {
    const ltvMicros = BigInt(id.length * 1000);
    return { ltvMicros, currency: this.currency, fallbackReason: id.startsWith('new') ? 1 : 0 };
  }
}

let client: CountingClient;
let clock: FakeClock;
let breaker: ValueBreaker;
let metrics: ServiceMetrics;
let values: GrpcCustomerValues;

beforeEach(() => {
  client = new CountingClient();
  clock = new FakeClock();
  metrics = new ServiceMetrics('syncflow', '0');
  breaker = new ValueBreaker({ failures: 3, openMs: 60_000 }, metrics);
  values = new GrpcCustomerValues(
    client as unknown as SyncValueClient,
    breaker,
    { timeoutMs: 1000, ttlMs: 5000, maxEntries: 100 },
    { clock, logger: new SilentLogger(), metrics },
  );
});

const query = (
  customerIds: (string | undefined)[],
  change: Partial<ValueQuery> = {},
): ValueQuery => ({
  ...{ tenant: 'default', customerIds, currency: 'EUR' },
  ...{ strangerValueMicros: 77n, fallbackValueMicros: 33n },
  ...change,
});

describe('GrpcCustomerValues', () => {
  it('answers in order, each with its source', async () => {
    const answers = await values.valuesOf(query(['c1', undefined, 'new-1', 'bad', 'c1']));
    expect(answers).toMatchObject([
      { valueMicros: 2000n, source: 'model', modelVersion: 'm1' },
      { valueMicros: 77n, source: 'cold_start', fallbackReason: 'no_customer_id' },
      { valueMicros: 5000n, source: 'cold_start', fallbackReason: 'unknown_customer' },
      { valueMicros: 33n, source: 'fallback', fallbackReason: 'value_unknown' },
      { valueMicros: 2000n, source: 'model' },
    ]);
    expect(client.calls).toEqual([
      { ids: ['c1', 'new-1', 'bad'], modelVersion: undefined, tenant: 'default' },
    ]);
  });

  it('keeps a value for its time, by tenant and by model', async () => {
    await clock.advance(1);
    await values.valuesOf(query(['c1']));
    await clock.advance(5000);
    await values.valuesOf(query(['c1']));
    expect(client.calls).toHaveLength(1);
    await values.valuesOf(query(['c1'], { tenant: 'other' }));
    await values.valuesOf(query(['c1'], { modelVersion: 'm2' }));
    expect(client.calls.slice(1)).toEqual([
      { ids: ['c1'], modelVersion: undefined, tenant: 'other' },
      { ids: ['c1'], modelVersion: 'm2', tenant: 'default' },
    ]);
    await clock.advance(2);
    await values.valuesOf(query(['c1']));
    expect(client.calls).toHaveLength(4);
    const page = await metrics.registry.metrics();
    expect(page).toContain('kiki_syncflow_value_lookups_total{source="cache"} 1');
  });

  it('asks once for a customer that many wait for', async () => {
    let open: () => void = () => undefined;
    client.gate = new Promise<void>((resolve) => (open = resolve));
    const waiting = [
      values.valuesOf(query(['c1', 'c2'])),
      values.valuesOf(query(['c2', 'c3'])),
      values.valuesOf(query(['c3', 'c1'])),
    ];
    open();
    const answers = await Promise.all(waiting);
    expect(client.calls.map(({ ids }) => ids)).toEqual([['c1', 'c2'], ['c3']]);
    expect(answers.flat().every(({ source }) => source === 'model')).toBe(true);
  });

  it('gives everybody who waits the fallback when the one call fails, and asks again next time', async () => {
    client.failure = kernelErrors.unavailable();
    const answers = await Promise.all([
      values.valuesOf(query(['c1'])),
      values.valuesOf(query(['c1', undefined])),
    ]);
    expect(client.calls).toHaveLength(1);
    expect(answers).toEqual([
      [{ valueMicros: 33n, source: 'fallback', fallbackReason: 'unavailable' }],
      [
        { valueMicros: 33n, source: 'fallback', fallbackReason: 'unavailable' },
        { valueMicros: 77n, source: 'cold_start', fallbackReason: 'no_customer_id' },
      ],
    ]);
    client.failure = undefined;
    expect(await values.valuesOf(query(['c1']))).toMatchObject([{ source: 'model' }]);
  });

  it('opens after three consecutive failures and then asks nobody', async () => {
    client.failure = kernelErrors.deadline_exceeded();
    const reasons: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      const [value] = await values.valuesOf(query([`c${i}`]));
      reasons.push(value?.fallbackReason);
    }
    expect(reasons).toEqual([
      ...Array<string>(3).fill('deadline_exceeded'),
      'breaker_open',
      'breaker_open',
    ]);
    expect([client.calls.length, breaker.state]).toEqual([3, 'open']);
    expect(await metrics.registry.metrics()).toContain('kiki_syncflow_value_breaker_state 1');
  });

  it('starts counting anew after a success, and takes a refusal as an answer', async () => {
    const ask = (id: string) => values.valuesOf(query([id]));
    client.failure = kernelErrors.unavailable();
    await ask('a');
    await ask('b');
    client.failure = undefined;
    await ask('c');
    client.failure = kernelErrors.unavailable();
    await ask('d');
    await ask('e');
    expect(breaker.state).toBe('closed');
    client.failure = kernelErrors.not_found();
    for (let i = 0; i < 5; i++) {
      expect(await ask(`f${i}`)).toMatchObject([{ fallbackReason: 'not_found', valueMicros: 33n }]);
    }
    expect(breaker.state).toBe('closed');
  });

  it('uses cached values while the circuit is open', async () => {
    await values.valuesOf(query(['c1']));
    client.failure = kernelErrors.unavailable();
    for (let i = 0; i < 3; i++) await values.valuesOf(query([`x${i}`]));
    expect(breaker.state).toBe('open');
    expect(await values.valuesOf(query(['c1', 'c2']))).toMatchObject([
      { source: 'model' },
      { source: 'fallback', fallbackReason: 'breaker_open' },
    ]);
  });

  it('does not mix currencies', async () => {
    client.currency = 'USD';
    expect(await values.valuesOf(query(['c1']))).toEqual([
      { valueMicros: 33n, source: 'fallback', fallbackReason: 'currency_mismatch' },
    ]);
    expect(await values.strangerValue('default', 'EUR')).toBeUndefined();
  });

  it('says what a stranger is worth, or that it cannot', async () => {
    expect(await values.strangerValue('default', 'EUR')).toEqual({
      valueMicros: 8000n,
      modelVersion: 'm1',
    });
    client.failure = kernelErrors.unavailable();
    expect(await values.strangerValue('default', 'EUR')).toBeUndefined();
  });
});
