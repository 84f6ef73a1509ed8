import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import {
  customerById,
  FallbackReason,
  type CustomerQuery,
  type PredictBatchResponse,
  type PredictionOptions,
  type PredictionResult,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { BrokenCircuitError } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { CustomerValues, type ValueQuery } from '../../application/customer-values.js';
import type { CustomerValue } from '../../domain/decision.js';
import type { ValueBreaker } from './value-breaker.js';

/** Sizes and times of the value cache. */
export interface ValueCacheOptions {
  /** Deadline of one batch at SyncValue, milliseconds. */
  readonly timeoutMs: number;
  /** How long a value is good, milliseconds. */
  readonly ttlMs: number;
  /** Customers kept. */
  readonly maxEntries: number;
}

/** What the platform gives. */
export interface ValueTools {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

type Asked = Pick<ValueQuery, 'tenant' | 'modelVersion'>;
type Known = CustomerValue & { readonly currency: string };

/** Somebody who has bought nothing yet. */
const STRANGER: CustomerQuery = {
  subject: {
    $case: 'statistics',
    value: { repeatPurchases: 0, recencyDays: 0, ageDays: 0, meanRepeatSpendMicros: undefined },
  },
  acquisition: undefined,
};

/**
 * Values from SyncValue: cached for a while, asked once for many waiters, behind the breaker. A customer whose value
 * cannot be had gets the caller's fallback, tagged with why.
 */
export class GrpcCustomerValues extends CustomerValues {
  private readonly cache: LRUCache<string, Known>;
  private readonly flights = new Map<string, Promise<Map<string, Known>>>();
  private readonly lookups;
  private readonly logger: Logger;

  constructor(
    private readonly client: SyncValueClient,
    private readonly breaker: ValueBreaker,
    private readonly options: ValueCacheOptions,
    { clock, logger, metrics }: ValueTools,
  ) {
    super();
    this.logger = logger;
    this.cache = new LRUCache({
      max: options.maxEntries,
      ttl: options.ttlMs,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() },
    });
    this.lookups = metrics.counter({
      name: 'value_lookups_total',
      help: 'Customer values by where they came from.',
      labelNames: ['source'],
    });
  }

  override async valuesOf(query: ValueQuery): Promise<CustomerValue[]> {
    const wanted = [...new Set(query.customerIds.filter((id) => id !== undefined))];
    const found = new Map<string, Known>();
    const missing: string[] = [];
    for (const id of wanted) {
      const hit = this.cache.get(keyOf(query, id));
      if (hit) found.set(id, hit);
      else missing.push(id);
    }
    this.lookups.inc({ source: 'cache' }, found.size);
    const failure = await this.load(query, missing, found);
    return query.customerIds.map((id) => {
      if (id === undefined) return stranger(query);
      const known = found.get(id);
      if (known === undefined) return fallback(query, failure ?? 'value_unknown');
      if (known.currency !== query.currency) return fallback(query, 'currency_mismatch');
      return known;
    });
  }

  override async strangerValue(
    tenant: string,
    currency: string,
  ): Promise<{ readonly valueMicros: bigint; readonly modelVersion?: string } | undefined> {
    try {
      const { prediction, model } = await this.breaker.run(() =>
        this.client.predict(STRANGER, undefined, { tenant, deadlineMs: this.options.timeoutMs }),
      );
      if (!prediction || prediction.currency !== currency) return undefined;
      return {
        valueMicros: prediction.ltvMicros,
        ...(model ? { modelVersion: model.modelVersion } : {}),
      };
    } catch (error) {
      this.logger.warn('SyncValue cannot say what a stranger is worth', {
        reason: reasonOf(error),
      });
      return undefined;
    }
  }

  override forget(tenant: string, customerIds: readonly string[]): void {
    const gone = new Set(customerIds);
    for (const key of this.cache.keys()) {
      const [of, , customerId] = key.split('\0');
      if (of === tenant && gone.has(customerId ?? '')) this.cache.delete(key);
    }
  }

  /** Fetches what is missing, sharing flights with other callers; returns why nothing came, if nothing came. */
  private async load(
    query: Asked,
    missing: readonly string[],
    found: Map<string, Known>,
  ): Promise<string | undefined> {
    if (missing.length === 0) return undefined;
    const flying = new Set<Promise<Map<string, Known>>>();
    const own = missing.filter((id) => {
      const flight = this.flights.get(keyOf(query, id));
      if (flight) flying.add(flight);
      return flight === undefined;
    });
    if (own.length > 0) flying.add(this.launch(query, own));
    const wanted = new Set(missing);
    let failure: string | undefined;
    for (const landed of await Promise.allSettled(flying)) {
      if (landed.status === 'rejected') failure = reasonOf(landed.reason);
      else for (const [id, value] of landed.value) if (wanted.has(id)) found.set(id, value);
    }
    return failure;
  }

  private launch(query: Asked, ids: readonly string[]): Promise<Map<string, Known>> {
    const flight = this.fetch(query, ids).finally(() => {
      for (const id of ids) this.flights.delete(keyOf(query, id));
    });
    for (const id of ids) this.flights.set(keyOf(query, id), flight);
    return flight;
  }

  private async fetch(query: Asked, ids: readonly string[]): Promise<Map<string, Known>> {
    const { tenant, modelVersion } = query;
    const options: Partial<PredictionOptions> | undefined =
      modelVersion === undefined
        ? undefined
        : { model: { $case: 'modelVersion', value: modelVersion } };
    try {
      const answer = await this.breaker.run(() =>
        this.client.predictBatch(ids.map(customerById), options, {
          tenant,
          deadlineMs: this.options.timeoutMs,
        }),
      );
      this.lookups.inc({ source: 'syncvalue' }, ids.length);
      const values = readBatch(ids, answer);
      for (const [id, value] of values) this.cache.set(keyOf(query, id), value);
      return values;
    } catch (error) {
      this.lookups.inc({ source: 'failed' }, ids.length);
      throw error;
    }
  }
}

function keyOf({ tenant, modelVersion = '' }: Asked, customerId: string): string {
  return `${tenant}\0${modelVersion}\0${customerId}`;
}

function readBatch(ids: readonly string[], answer: PredictBatchResponse): Map<string, Known> {
  const values = new Map<string, Known>();
  ids.forEach((id, i) => {
    const value = readResult(answer.results[i], answer.model?.modelVersion);
    if (value) values.set(id, value);
  });
  return values;
}

function readResult(
  result: PredictionResult | undefined,
  modelVersion: string | undefined,
): Known | undefined {
  if (result?.outcome?.$case !== 'prediction') return undefined;
  const { ltvMicros, currency, fallbackReason } = result.outcome.value;
  const isColdStart = fallbackReason === FallbackReason.COLD_START;
  return {
    valueMicros: ltvMicros,
    currency,
    source: isColdStart ? 'cold_start' : 'model',
    ...(isColdStart ? { fallbackReason: 'unknown_customer' } : {}),
    ...(modelVersion === undefined ? {} : { modelVersion }),
  };
}

function stranger({ strangerValueMicros: valueMicros, modelVersion }: ValueQuery): CustomerValue {
  return {
    valueMicros,
    source: 'cold_start',
    fallbackReason: 'no_customer_id',
    ...(modelVersion === undefined ? {} : { modelVersion }),
  };
}

function fallback(query: ValueQuery, why: string): CustomerValue {
  return { valueMicros: query.fallbackValueMicros, source: 'fallback', fallbackReason: why };
}

function reasonOf(error: unknown): string {
  if (error instanceof BrokenCircuitError) return 'breaker_open';
  return DomainError.is(error) ? error.code : 'unavailable';
}
