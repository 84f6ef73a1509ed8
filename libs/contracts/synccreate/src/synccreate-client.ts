import { answerOf, createApi } from '@kiki/api-client';
import {
  jobOf,
  type Creative,
  type GenerateRequest,
  type Job,
  type ValidateRequest,
} from './answers.js';
import type { paths } from './generated/openapi.js';

/** How a client of SyncCreate is made. */
export interface SyncCreateClientOptions {
  /** e.g. `peers.url('synccreate')`. */
  readonly baseUrl: string;
  /** Headers of a call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers: (tenant: string) => Readonly<Record<string, string>>;
  /** Longest time of one call, milliseconds; longer than any `waitSeconds`. @default 30000 */
  readonly timeoutMs?: number;
}

/** How a job is asked for. */
export interface SubmitOptions {
  /** Pays for the creatives; only of `generate`. */
  readonly budgetId?: string;
  /** Waits for the result, at most 25 s. @default 0 */
  readonly waitSeconds?: number;
  /** A repetition under the same key gets the first answer. */
  readonly idempotencyKey?: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const PAGE = 200;

/** Typed client of SyncCreate. Jobs are asked for once per idempotency key; everything else may be repeated. */
export class SyncCreateClient {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncCreateClientOptions) {
    const { baseUrl, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    this.api = createApi<paths>({ baseUrl, timeoutMs });
  }

  /**
   * Asks for creatives. A job that the budget refused comes back `denied`.
   * @throws budget_not_found; unavailable when a budget is named and SyncShield does not answer
   */
  async generate(tenant: string, body: GenerateRequest, options: SubmitOptions = {}): Promise<Job> {
    const headers = this.headers(tenant, options);
    return jobOf(await answerOf(this.api.POST('/api/v1/generate', { body, headers })));
  }

  /** Asks for a check of a picture. */
  async validate(
    tenant: string,
    body: ValidateRequest,
    options: Omit<SubmitOptions, 'budgetId'> = {},
  ): Promise<Job> {
    const headers = this.headers(tenant, options);
    return jobOf(await answerOf(this.api.POST('/api/v1/validate', { body, headers })));
  }

  /** @throws job_not_found */
  async getJob(tenant: string, id: string): Promise<Job> {
    const params = { path: { id } };
    const headers = this.headers(tenant);
    return jobOf(await answerOf(this.api.GET('/api/v1/jobs/{id}', { params, headers })));
  }

  /** @throws creative_not_found */
  getCreative(tenant: string, id: string): Promise<Creative> {
    const params = { path: { id } };
    const headers = this.headers(tenant);
    return answerOf(this.api.GET('/api/v1/creatives/{id}', { params, headers }));
  }

  /** All creatives of the tenant, newest first, page by page. */
  async *creatives(tenant: string): AsyncGenerator<Creative, void, undefined> {
    let cursor: string | null = null;
    do {
      const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      const headers = this.headers(tenant);
      const call = this.api.GET('/api/v1/creatives', { params: { query }, headers });
      const page: { items: Creative[]; nextCursor: string | null } = await answerOf(call);
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** The file of a creative. @throws creative_not_found */
  async image(tenant: string, id: string): Promise<Uint8Array> {
    const call = this.api.GET('/api/v1/creatives/{id}/image', {
      params: { path: { id } },
      headers: this.headers(tenant),
      parseAs: 'arrayBuffer',
    });
    return new Uint8Array(await answerOf(call));
  }

  private headers(tenant: string, options: SubmitOptions = {}): Record<string, string> {
    const { budgetId, waitSeconds = 0, idempotencyKey } = options;
    return {
      ...this.options.headers(tenant),
      ...(budgetId === undefined ? {} : { 'kiki-budget': budgetId }),
      ...(waitSeconds > 0 ? { prefer: `wait=${Math.ceil(waitSeconds)}` } : {}),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
  }
}
