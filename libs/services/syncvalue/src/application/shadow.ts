import { DomainError } from '@kiki/kernel';
import type { CustomerQuery } from '../domain/customer-query.js';
import type { ModelLabel } from '../domain/model.js';
import type { AskedOptions } from '../domain/prediction-options.js';
import {
  summarizeShadow,
  type ShadowPairs,
  type ShadowSummary,
} from '../domain/shadow-comparison.js';
import type { PredictCustomers, PredictedBatch } from './predict-customers.js';

/** Which two models were compared. */
export interface ShadowVersions {
  readonly champion: string;
  readonly challenger: string;
}

/** Pairs of one batch. */
export interface ShadowBatch extends ShadowVersions {
  readonly pairs: ShadowPairs;
}

/** Compared pairs and when they were taken. */
export interface ShadowSample {
  readonly pairs: ShadowPairs;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Where pairs are kept, so that every process answers for all. */
export abstract class ShadowStore {
  /** Keeps pairs and forgets all but the newest of their two models. */
  abstract add(tenant: string, batch: ShadowBatch): Promise<void>;
  /** The newest pairs of two models, up to 10,000; undefined without any. */
  abstract newest(tenant: string, versions: ShadowVersions): Promise<ShadowSample | undefined>;
}

/** Told what was compared; without a summary where there is nothing to compare any more. */
export abstract class ShadowObserver {
  abstract compared(tenant: string, pairs: number, summary: ShadowSummary | undefined): void;
}

/** Queries waiting per tenant, and tenants; more are dropped, because this is a sample anyway. */
const MAX_WAITING = 2_000;
const MAX_TENANTS = 1_000;
/** How every customer is compared: by the service's own options. */
const DEFAULTS: AskedOptions = {
  horizonDays: undefined,
  annualDiscountRate: undefined,
  margin: undefined,
  asOf: undefined,
  quantiles: [],
  model: undefined,
};

/**
 * Scores a share of the predicted customers by challenger and champion, later and elsewhere: offering takes
 * no time of the answer, and no answer contains anything of it.
 */
export class Shadow {
  private readonly waiting = new Map<string, CustomerQuery[]>();
  /** What is left over of a query: each one offered adds the share, each one taken removes 1. */
  private owed = 0;

  constructor(
    private readonly predictions: PredictCustomers,
    private readonly store: ShadowStore,
    private readonly observer: ShadowObserver,
    private readonly share: number,
  ) {}

  /** Takes every (1 / share)-th of the queries that the champion answers; costs nothing for the others. */
  offer(tenant: string, queries: readonly CustomerQuery[], asked: AskedOptions): void {
    if (this.share === 0 || !isForChampion(asked)) return;
    const owed = this.owed + queries.length * this.share;
    const before = this.owed;
    this.owed = owed % 1;
    if (owed < 1) return;
    const queue = this.queueOf(tenant);
    const room = queue === undefined ? 0 : MAX_WAITING - queue.length;
    for (let k = 1; k <= Math.min(Math.floor(owed), room); k++) {
      const query = queries[Math.ceil((k - before) / this.share) - 1];
      if (query !== undefined) queue?.push(query);
    }
  }

  /**
   * Compares what waits; one tenant's failure does not keep the others from it.
   * @throws what the signal was aborted with, the first failure at the end
   */
  async flush(signal: AbortSignal): Promise<void> {
    const work = [...this.waiting];
    this.waiting.clear();
    const failures: unknown[] = [];
    for (const [tenant, queries] of work) {
      signal.throwIfAborted();
      const flushed = this.flushTenant(tenant, queries, signal);
      await flushed.catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  private async flushTenant(
    tenant: string,
    queries: readonly CustomerQuery[],
    signal: AbortSignal,
  ): Promise<void> {
    const batch = await this.compare(tenant, queries, signal);
    if (batch === undefined) return this.observer.compared(tenant, 0, undefined);
    if (batch.pairs.champion.length === 0) return;
    await this.store.add(tenant, batch);
    const sample = await this.store.newest(tenant, batch);
    const summary = sample && summarizeShadow(sample.pairs);
    this.observer.compared(tenant, batch.pairs.champion.length, summary);
  }

  private queueOf(tenant: string): CustomerQuery[] | undefined {
    let queue = this.waiting.get(tenant);
    if (queue === undefined && this.waiting.size < MAX_TENANTS) {
      this.waiting.set(tenant, (queue = []));
    }
    return queue;
  }

  /** Undefined where there is nobody to compare. */
  private async compare(
    tenant: string,
    queries: readonly CustomerQuery[],
    signal: AbortSignal,
  ): Promise<ShadowBatch | undefined> {
    try {
      const by = (label: ModelLabel, horizonDays?: number): Promise<PredictedBatch> => {
        const asked = { ...DEFAULTS, horizonDays, model: { label } };
        return this.predictions.execute(tenant, queries, asked, signal);
      };
      const [challenger, champion] = await overOneHorizon(by);
      const versions = {
        champion: champion.stamp.model.version,
        challenger: challenger.stamp.model.version,
      };
      if (versions.champion === versions.challenger) return undefined;
      return { ...versions, pairs: pairsOf(champion, challenger) };
    } catch (error) {
      if (DomainError.is(error) && error.code === 'model_missing') return undefined;
      // Two brought models of different horizons say nothing of each other.
      if (isOfAnotherHorizon(error)) return undefined;
      throw error;
    }
  }
}

/** Challenger and champion: a brought model may know a single horizon, and then the other looks as far. */
async function overOneHorizon(
  by: (label: ModelLabel, horizonDays?: number) => Promise<PredictedBatch>,
): Promise<[challenger: PredictedBatch, champion: PredictedBatch]> {
  const [challenger, champion] = [await by('challenger'), await by('champion')];
  if (challenger.horizonDays === champion.horizonDays) return [challenger, champion];
  try {
    return [challenger, await by('champion', challenger.horizonDays)];
  } catch (error) {
    if (!isOfAnotherHorizon(error)) throw error;
    return [await by('challenger', champion.horizonDays), champion];
  }
}

function isOfAnotherHorizon(error: unknown): boolean {
  return DomainError.is(error) && error.code === 'prediction_options_invalid';
}

function isForChampion({ model }: AskedOptions): boolean {
  return model === undefined || ('label' in model && model.label === 'champion');
}

function pairsOf(champion: PredictedBatch, challenger: PredictedBatch): ShadowPairs {
  const pairs: { champion: number[]; challenger: number[] } = { champion: [], challenger: [] };
  champion.outcomes.forEach(({ prediction }, i) => {
    const other = challenger.outcomes[i]?.prediction;
    if (prediction === undefined || other === undefined) return;
    pairs.champion.push(Number(prediction.ltvMicros));
    pairs.challenger.push(Number(other.ltvMicros));
  });
  return pairs;
}
