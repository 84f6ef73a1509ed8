import { answerOf, createApi } from '@kiki/api-client';
import { microsToWire } from '@kiki/kernel';
import type { paths } from './generated/openapi.js';
import { withBigints, type Bigints } from './money-wire.js';
import type { SyncShieldClientOptions } from './syncshield-client.js';

type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Method = 'get' | 'post' | 'put' | 'delete';
type Body<P extends keyof paths, M extends Method> = paths[P][M] extends { requestBody: infer B }
  ? Json<B>
  : never;
type Answer<P extends keyof paths, M extends Method> = paths[P][M] extends {
  responses: { 200: infer A };
}
  ? Bigints<Json<A>>
  : never;

type WireReport = Body<'/v1/budgets/{id}/external-spend', 'post'>['reports'][number];

/** What a platform reports it has spent: cumulative for its source, account, campaign and day. */
export type ExternalSpendReport = Omit<WireReport, 'amountMicros' | 'isCoveredByHolds'> & {
  readonly amountMicros: bigint;
  /** The same money is held and captured here: it counts nothing. @default false */
  readonly isCoveredByHolds?: boolean;
};
/** What a report came to. */
export type ExternalSpendResult = Answer<
  '/v1/budgets/{id}/external-spend',
  'post'
>['results'][number];
/** Events, and where to go on. */
export type EventPage = Answer<'/v1/events', 'get'>;
/** How a budget spends, how it should, and how long it lasts. */
export type PacingReport = Answer<'/v1/budgets/{id}/pacing', 'get'>;
/** How much of a cap should be spent when. */
export type PlanInput = Body<'/v1/budgets/{id}/plan', 'put'>;
/** Opening, movements by day and kind, closing. */
export type BudgetStatement = Answer<'/v1/budgets/{id}/statement', 'get'>;
/** A webhook as it is registered. */
export type WebhookInput = Body<'/v1/webhooks', 'post'>;
/** A registered webhook; its secret is shown once. */
export type NewWebhook = Answer<'/v1/webhooks', 'post'>;

/** What leaves SyncShield's ledger: events, external spend, pacing, statements; money is bigint micros. */
export class MoneyOutApi {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncShieldClientOptions) {
    const { baseUrl, timeoutMs } = options;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /**
   * Reports what platforms have spent, at most 1,024 at once; results in order. The same reports may be sent again.
   * @throws budget_not_found, currency_mismatch, external_spend_invalid, external_spend_pending
   */
  async reportExternalSpend(
    tenant: string,
    budgetId: string,
    reports: readonly ExternalSpendReport[],
  ): Promise<ExternalSpendResult[]> {
    const body = {
      reports: reports.map(({ amountMicros, isCoveredByHolds = false, ...rest }) => ({
        ...{ ...rest, isCoveredByHolds, amountMicros: microsToWire(amountMicros) },
      })),
    };
    const params = { path: { id: budgetId } };
    const call = this.api.POST('/v1/budgets/{id}/external-spend', {
      params,
      body,
      ...this.of(tenant),
    });
    return withBigints((await answerOf(call)).results);
  }

  /** Events behind a number, oldest first; go on with `next`. */
  async events(
    tenant: string,
    query: {
      readonly after?: number;
      readonly limit?: number;
      readonly types?: string;
      readonly budgetId?: string;
    } = {},
  ): Promise<EventPage> {
    const call = this.api.GET('/v1/events', { params: { query }, ...this.of(tenant) });
    return withBigints(await answerOf(call));
  }

  /**
   * Sets which shares of its limits are told, percent; none: nothing is.
   * @throws budget_not_found, thresholds_invalid
   */
  async setThresholds(
    tenant: string,
    budgetId: string,
    percents: readonly number[],
  ): Promise<void> {
    const params = { path: { id: budgetId } };
    const body = { percents: [...percents] };
    await answerOf(
      this.api.PUT('/v1/budgets/{id}/thresholds', { params, body, ...this.of(tenant) }),
    );
  }

  /** From one snapshot of what is committed. @throws budget_not_found */
  async pacing(tenant: string, budgetId: string): Promise<PacingReport> {
    const params = { path: { id: budgetId } };
    const call = this.api.GET('/v1/budgets/{id}/pacing', { params, ...this.of(tenant) });
    return withBigints(await answerOf(call));
  }

  /** @throws budget_not_found, plan_invalid */
  async setPlan(tenant: string, budgetId: string, body: PlanInput): Promise<PacingReport> {
    const params = { path: { id: budgetId } };
    const call = this.api.PUT('/v1/budgets/{id}/plan', { params, body, ...this.of(tenant) });
    return withBigints(await answerOf(call));
  }

  /** @param range instants; `to` is exclusive. @throws budget_not_found */
  async statement(
    tenant: string,
    budgetId: string,
    range: { readonly from: Date; readonly to: Date; readonly timeZone?: string },
  ): Promise<BudgetStatement> {
    const { from, to, timeZone } = range;
    const query = {
      ...{ from: from.toISOString(), to: to.toISOString() },
      ...(timeZone === undefined ? {} : { timeZone }),
    };
    const params = { path: { id: budgetId }, query };
    const call = this.api.GET('/v1/budgets/{id}/statement', { params, ...this.of(tenant) });
    return withBigints(await answerOf(call));
  }

  /**
   * Holds, settlements or entries of a budget and everything below it as text, as it comes; read it slowly and it is
   * sent slowly. @throws budget_not_found
   */
  async export(
    tenant: string,
    budgetId: string,
    query: {
      readonly kind: 'holds' | 'settlements' | 'entries';
      readonly format?: 'ndjson' | 'csv';
    },
  ): Promise<ReadableStream<Uint8Array>> {
    const text = new URLSearchParams(query).toString();
    const path = `/v1/budgets/${encodeURIComponent(budgetId)}/export?${text}`;
    const response = await fetch(new URL(path, this.options.baseUrl), this.of(tenant));
    const error: unknown = response.ok ? undefined : await response.json().catch(() => undefined);
    return answerOf(Promise.resolve({ data: response.body, error, response }));
  }

  /** Registers a webhook; the same body again returns it without its secret. @throws webhook_url_forbidden */
  async createWebhook(tenant: string, body: WebhookInput): Promise<NewWebhook> {
    return answerOf(this.api.POST('/v1/webhooks', { body, ...this.of(tenant) }));
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}
