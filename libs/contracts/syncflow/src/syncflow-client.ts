import { answerOf, createApi } from '@kiki/api-client';
import { microsToWire } from '@kiki/kernel';
import * as from from './from-wire.js';
import type { paths } from './generated/openapi.js';
import type * as money from './money-types.js';

/** Most opportunities in one bid job. */
export const MAX_OPPORTUNITIES = 500;
/** Most notices in one request. */
export const MAX_OUTCOMES = 1000;

/** How a client of SyncFlow is made. */
export interface SyncFlowClientOptions {
  /** e.g. `peers.url('syncflow')`. */
  readonly baseUrl: string;
  /** Headers of a call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers: (tenant: string) => Readonly<Record<string, string>>;
  /** Longest time of one call, milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

/** Typed client of SyncFlow; money is bigint micros. Every call may be repeated with the same ids. */
export class SyncFlowClient {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncFlowClientOptions) {
    const { baseUrl, timeoutMs } = options;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Creates or changes a campaign. @throws campaign_immutable_field */
  async saveCampaign(tenant: string, input: money.CampaignInput): Promise<money.Campaign> {
    const { minBidMicros = 0n, maxBidMicros, ...rest } = input;
    const body = {
      ...{ holdTtlMs: 60_000, holdGraceMs: 300_000, isActive: true },
      ...rest,
      minBidMicros: microsToWire(minBidMicros),
      maxBidMicros: microsToWire(maxBidMicros),
    };
    const call = this.api.POST('/v1/campaigns', { body, ...this.of(tenant) });
    return from.campaign(await answerOf(call));
  }

  /** @throws campaign_not_found */
  async getCampaign(tenant: string, id: string): Promise<money.Campaign> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/campaigns/{id}', { params, ...this.of(tenant) });
    return from.campaign(await answerOf(call));
  }

  /** Freezes what is known now for later jobs. @throws campaign_not_found */
  async learn(tenant: string, id: string): Promise<money.Snapshot> {
    const params = { path: { id } };
    const call = this.api.POST('/v1/campaigns/{id}/learn', { params, ...this.of(tenant) });
    return from.snapshot(await answerOf(call));
  }

  /** @throws campaign_not_found */
  async report(tenant: string, id: string): Promise<money.CampaignReport> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/campaigns/{id}/report', { params, ...this.of(tenant) });
    return from.report(await answerOf(call));
  }

  /** @throws campaign_not_found */
  async digest(tenant: string, id: string): Promise<money.DecisionsDigest> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/campaigns/{id}/digest', { params, ...this.of(tenant) });
    return await answerOf(call);
  }

  /** Queues one job of up to MAX_OPPORTUNITIES and returns its id. @throws campaign_not_found */
  async bid(
    tenant: string,
    campaignId: string,
    opportunities: readonly money.Opportunity[],
  ): Promise<string> {
    const body = {
      campaignId,
      opportunities: opportunities.map(({ floorMicros, segment = 'all', ...rest }) => ({
        ...rest,
        segment,
        floorMicros: microsToWire(floorMicros),
      })),
    };
    const { jobId } = await answerOf(this.api.POST('/v1/bids', { body, ...this.of(tenant) }));
    return jobId;
  }

  /** Every decision of a campaign, by opportunity id. */
  async *decisions(tenant: string, campaignId: string): AsyncGenerator<money.Decision> {
    let cursor: string | null | undefined;
    do {
      const query = { campaignId, limit: 1000, ...(cursor ? { cursor } : {}) };
      const call = this.api.GET('/v1/decisions', { params: { query }, ...this.of(tenant) });
      const page = await answerOf(call);
      for (const item of page.items) yield from.decision(item);
      cursor = page.nextCursor;
    } while (cursor);
  }

  /** Why an opportunity was bid on or not, one answer per campaign. @throws decision_not_found */
  async why(tenant: string, opportunityId: string): Promise<money.ExplainedDecision[]> {
    const params = { path: { opportunityId } };
    const call = this.api.GET('/v1/decisions/{opportunityId}', { params, ...this.of(tenant) });
    const { items } = await answerOf(call);
    return items.map((item) => from.decision(item));
  }

  /** Tells SyncFlow what an exchange said; one receipt per notice, in order; up to MAX_OUTCOMES. */
  async recordOutcomes(
    tenant: string,
    outcomes: readonly money.OutcomeInput[],
  ): Promise<readonly money.OutcomeReceipt[]> {
    const body = {
      outcomes: outcomes.map(({ priceMicros, at, ...rest }) => ({
        ...rest,
        ...(priceMicros === undefined ? {} : { priceMicros: microsToWire(priceMicros) }),
        at: at.toISOString(),
      })),
    };
    const { results } = await answerOf(this.api.POST('/v1/outcomes', { body, ...this.of(tenant) }));
    return results;
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}
