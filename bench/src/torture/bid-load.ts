import { answerOf, createApi } from '@kiki/api-client';
import type { PersistentClient } from './client.js';
import type { Witness } from './witness.js';

const CAMPAIGN = 'torture';
const BATCH = 50;

interface Post<B> {
  post: {
    requestBody: { content: { 'application/json': B } };
    responses: { 200: { content: { 'application/json': object } } };
  };
}

interface DecisionPage {
  readonly items: { opportunityId: string; status: string }[];
  readonly nextCursor: string | null;
}

interface FlowPaths {
  '/v1/campaigns': Post<object>;
  '/v1/bids': Post<object>;
  '/v1/decisions': {
    get: {
      parameters: { query: { campaignId: string; limit: number; cursor?: string } };
      responses: { 200: { content: { 'application/json': DecisionPage } } };
    };
  };
}

/** Bid jobs: what was taken into the queue has to be decided. */
export class BidLoad {
  private readonly api;
  private isStopped = false;

  constructor(
    private readonly client: PersistentClient,
    private readonly witness: Witness,
    baseUrl: string,
  ) {
    this.api = createApi<FlowPaths>({ baseUrl, timeoutMs: 15_000 });
  }

  async prepare(): Promise<void> {
    const body = {
      id: CAMPAIGN,
      name: CAMPAIGN,
      budgetId: 'wide',
      currency: 'EUR',
      channel: 'social',
      valueShare: 0.2,
      maxBidMicros: 5_000_000,
    };
    await this.client.insist(() =>
      answerOf(this.api.POST('/v1/campaigns', { body, ...this.headers })),
    );
  }

  async run(workers: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, (_, i) => this.work(i)));
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Opportunities that are decided for good, by id. */
  async decided(): Promise<Set<string>> {
    const done = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const query = { campaignId: CAMPAIGN, limit: 1000, ...(cursor ? { cursor } : {}) };
      const page = await answerOf(
        this.api.GET('/v1/decisions', { params: { query }, ...this.headers }),
      );
      for (const { opportunityId, status } of page.items) {
        if (status !== 'priced' && status !== 'held') done.add(opportunityId);
      }
      if (page.nextCursor === null) return done;
      cursor = page.nextCursor;
    }
  }

  private get headers(): { headers: Record<string, string> } {
    return { headers: this.client.headersOf() };
  }

  private async work(worker: number): Promise<void> {
    for (let n = 0; !this.isStopped; n++) {
      const ids = Array.from({ length: BATCH }, (_, i) => `b${worker}-${n}-${i}`);
      const opportunities = ids.map((id, i) => ({
        id,
        customerId: `c${(worker + n + i) % 200}`,
        channel: 'social',
        floorMicros: 1000,
        currency: 'EUR',
      }));
      const body = { campaignId: CAMPAIGN, opportunities };
      const answer = await this.client.insist(() =>
        answerOf(this.api.POST('/v1/bids', { body, ...this.headers })),
      );
      if (answer === undefined) return;
      await Promise.all(
        ids.map((id) => this.witness.record({ kind: 'bid', id, answer: 'queued' })),
      );
    }
  }
}
