import { answerOf, createApi } from '@kiki/api-client';
import { microsToWire } from '@kiki/kernel';
import * as from from './from-wire.js';
import type * as money from './money-types.js';
import { madeOf } from './policy-api.js';
import type { paths } from './generated/openapi.js';

/** Most items in one request. */
export const MAX_BATCH = 1024;

/** How a client of SyncShield is made. */
export interface SyncShieldClientOptions {
  /** e.g. `peers.url('syncshield')`. */
  readonly baseUrl: string;
  /** Headers of a call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers: (tenant: string) => Readonly<Record<string, string>>;
  /** Longest time of one call, milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

/**
 * Typed client of SyncShield; money is bigint micros. Nothing is repeated here, but everything may
 * be repeated by the caller with the same ids: `unavailable`, `deadline_exceeded` and
 * `decision_unknown` say nothing about the decision.
 */
export class SyncShieldClient {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncShieldClientOptions) {
    const { baseUrl, timeoutMs } = options;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /**
   * The same body again returns the budget as it is now. @throws idempotency_conflict,
   * budget_parent_invalid, cap_invalid, approval_required
   */
  async createBudget(tenant: string, input: money.BudgetInput): Promise<money.Budget> {
    const body = { ...input, caps: input.caps.map(capBody) };
    const call = this.api.POST('/v1/budgets', { body, ...this.of(tenant) });
    return from.budget(madeOf(await answerOf(call)));
  }

  /** @throws budget_not_found */
  async getBudget(tenant: string, id: string): Promise<money.Budget> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/budgets/{id}', { params, ...this.of(tenant) });
    return from.budget(await answerOf(call));
  }

  /** @throws budget_not_found, cap_invalid, approval_required */
  async replaceCaps(
    tenant: string,
    id: string,
    caps: readonly money.CapInput[],
  ): Promise<money.Budget> {
    const body = { caps: caps.map(capBody) };
    const params = { path: { id } };
    const call = this.api.PUT('/v1/budgets/{id}/caps', { params, body, ...this.of(tenant) });
    return from.budget(madeOf(await answerOf(call)));
  }

  /** Denies every hold of the budget and of everything below it. @throws budget_not_found */
  async pauseBudget(tenant: string, id: string): Promise<money.Budget> {
    const params = { path: { id } };
    const call = this.api.POST('/v1/budgets/{id}/pause', { params, ...this.of(tenant) });
    return from.budget(await answerOf(call));
  }

  /** @throws budget_not_found */
  async resumeBudget(tenant: string, id: string): Promise<money.Budget> {
    const params = { path: { id } };
    const call = this.api.POST('/v1/budgets/{id}/resume', { params, ...this.of(tenant) });
    return from.budget(madeOf(await answerOf(call)));
  }

  /** A denial is an answer. @throws budget_not_found, currency_mismatch, idempotency_conflict */
  async hold(tenant: string, request: money.HoldRequest): Promise<money.Hold> {
    const body = holdBody(request);
    return from.hold(await answerOf(this.api.POST('/v1/holds', { body, ...this.of(tenant) })));
  }

  /**
   * Results in the order of the requests, each with its own error; more than MAX_BATCH go in
   * several calls.
   */
  async holdBatch(
    tenant: string,
    requests: readonly money.HoldRequest[],
  ): Promise<money.ItemResult<money.Hold>[]> {
    const all: money.ItemResult<money.Hold>[] = [];
    for (const chunk of chunks(requests)) {
      const body = { holds: chunk.map(holdBody) };
      const call = this.api.POST('/v1/holds/batch', { body, ...this.of(tenant) });
      const { results } = await answerOf(call);
      all.push(...results.map((item) => from.item(item, item.hold, from.hold)));
    }
    return all;
  }

  /** @throws hold_not_found */
  async getHold(tenant: string, id: string): Promise<money.Hold> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/holds/{id}', { params, ...this.of(tenant) });
    return from.hold(await answerOf(call));
  }

  /**
   * Takes the money of a hold, wholly or in part; the rest is free. @throws hold_not_found,
   * idempotency_conflict
   */
  async capture(
    tenant: string,
    holdId: string,
    settlementId: string,
    amountMicros?: bigint,
  ): Promise<money.Settlement> {
    const body = { settlementId, ...amountBody(amountMicros) };
    const params = { path: { id: holdId } };
    const call = this.api.POST('/v1/holds/{id}/capture', { params, body, ...this.of(tenant) });
    return from.settlement(await answerOf(call));
  }

  /** Takes a part of a hold and keeps the rest. @throws hold_not_found, idempotency_conflict */
  async capturePart(
    tenant: string,
    holdId: string,
    settlementId: string,
    amountMicros: bigint,
  ): Promise<money.Settlement> {
    const body = { settlementId, ...amountBody(amountMicros), isFinal: false };
    const params = { path: { id: holdId } };
    const call = this.api.POST('/v1/holds/{id}/capture', { params, body, ...this.of(tenant) });
    return from.settlement(await answerOf(call));
  }

  /**
   * Takes back what came back of spent money, all of it without an amount. @throws hold_not_found,
   * refund_too_large, idempotency_conflict
   */
  async refund(
    tenant: string,
    holdId: string,
    settlementId: string,
    amountMicros?: bigint,
  ): Promise<money.Settlement> {
    const body = { settlementId, ...amountBody(amountMicros) };
    const params = { path: { id: holdId } };
    const call = this.api.POST('/v1/holds/{id}/refund', { params, body, ...this.of(tenant) });
    return from.settlement(await answerOf(call));
  }

  /** Gives the money of a hold back. @throws hold_not_found, idempotency_conflict */
  async void(tenant: string, holdId: string, settlementId: string): Promise<money.Settlement> {
    const params = { path: { id: holdId } };
    const body = { settlementId };
    const call = this.api.POST('/v1/holds/{id}/void', { params, body, ...this.of(tenant) });
    return from.settlement(await answerOf(call));
  }

  /**
   * Results in the order of the settlements, each with its own error; more than MAX_BATCH go in
   * several calls.
   */
  async settleBatch(
    tenant: string,
    settlements: readonly money.SettlementRequest[],
  ): Promise<money.ItemResult<money.Settlement>[]> {
    const all: money.ItemResult<money.Settlement>[] = [];
    for (const chunk of chunks(settlements)) {
      const body = {
        settlements: chunk.map(({ amountMicros, ...rest }) => ({
          ...rest,
          ...amountBody(amountMicros),
        })),
      };
      const call = this.api.POST('/v1/settlements/batch', { body, ...this.of(tenant) });
      const { results } = await answerOf(call);
      all.push(...results.map((item) => from.item(item, item.settlement, from.settlement)));
    }
    return all;
  }

  /**
   * Whether a hold would pass now; holds nothing and promises nothing. @throws budget_not_found,
   * currency_mismatch
   */
  async check(
    tenant: string,
    request: Pick<money.HoldRequest, 'budgetId' | 'amountMicros' | 'currency'>,
  ): Promise<money.CheckAnswer> {
    const { budgetId, amountMicros, currency } = request;
    const query = { budgetId, amountMicros: microsToWire(amountMicros), currency };
    const call = this.api.GET('/check', { params: { query }, ...this.of(tenant) });
    return from.check(await answerOf(call));
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}

function capBody({ limitMicros, burst, ...rest }: money.CapInput) {
  return {
    ...rest,
    ...(limitMicros === undefined ? {} : { limitMicros: microsToWire(limitMicros) }),
    ...(burst === undefined ? {} : { burst: microsToWire(burst) }),
  };
}

function holdBody({ amountMicros, context, elastic, ...rest }: money.HoldRequest) {
  return {
    ...rest,
    amountMicros: microsToWire(amountMicros),
    ...(context === undefined ? {} : { context: contextBody(context) }),
    ...(elastic === undefined
      ? {}
      : { elastic: { ...elastic, atLeastMicros: microsToWire(elastic.atLeastMicros) } }),
  };
}

function contextBody({ bidMicros, predictedLtvMicros, ...rest }: money.HoldContext) {
  return {
    ...rest,
    ...(bidMicros === undefined ? {} : { bidMicros: microsToWire(bidMicros) }),
    ...(predictedLtvMicros === undefined
      ? {}
      : { predictedLtvMicros: microsToWire(predictedLtvMicros) }),
  };
}

function amountBody(amountMicros: bigint | undefined): { amountMicros?: number } {
  return amountMicros === undefined ? {} : { amountMicros: microsToWire(amountMicros) };
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += MAX_BATCH) yield items.slice(at, at + MAX_BATCH);
}
