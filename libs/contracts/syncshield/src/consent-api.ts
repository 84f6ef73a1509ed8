import { answerOf, createApi } from '@kiki/api-client';

import type {
  ConsentAnswers,
  ConsentChangePage,
  ConsentQuestion,
  ConsentReceipt,
  ConsentRecordInput,
  ConsentSignalInput,
  ConsentWithdrawal,
} from './consent-types.js';
import * as from from './from-wire.js';
import type { paths } from './generated/openapi.js';
import type { ItemResult } from './money-types.js';
import type { SyncShieldClientOptions } from './syncshield-client.js';
import { madeOf } from './policy-api.js';

type Body<P extends keyof paths, M extends 'post' | 'put'> = paths[P][M] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : never;
type Answer<P extends keyof paths, M extends 'get' | 'post'> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer A } } };
}
  ? A
  : never;

/** Settings of a tenant as they are put. */
export type ConsentSettingsInput = Body<'/v1/consent/settings', 'put'>;
/** Settings of a tenant in force. */
export type ConsentSettingsInForce = Answer<'/v1/consent/settings', 'get'>;
/** A stored record. */
export type StoredConsentRecord = Answer<'/v1/consent/records/{id}', 'get'>;

type WireReceipt = Answer<'/v1/consent/withdraw', 'post'>;

/** The consent routes of SyncShield, one call each; nothing is remembered or repeated. */
export class ConsentApi {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: SyncShieldClientOptions) {
    const { baseUrl, timeoutMs } = options;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Answers in the order of the questions, at most 1,024. @throws unavailable, deadline_exceeded */
  async check(tenant: string, questions: readonly ConsentQuestion[]): Promise<ConsentAnswers> {
    const checks = questions.map(({ isGpc, ...question }) =>
      isGpc === true ? { ...question, gpc: true } : question,
    );
    const call = this.api.POST('/v1/consent/check', { body: { checks }, ...this.of(tenant) });
    const { results, seq } = await answerOf(call);
    const answers = results.map(({ decision, until, regime: _regime, ...rest }) => ({
      ...rest,
      isAllowed: decision === 'allowed',
      until: until === null ? null : new Date(until),
    }));
    return { answers, seq };
  }

  /** Receipts in the order of the records, each with its own error; at most 1,024. */
  async record(
    tenant: string,
    records: readonly ConsentRecordInput[],
  ): Promise<ItemResult<ConsentReceipt>[]> {
    const body = {
      records: records.map(({ at, expiresAt, ...record }) => ({
        ...record,
        ...(at === undefined ? {} : { at: at.toISOString() }),
        ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
      })),
    };
    const call = this.api.POST('/v1/consent/records', { body, ...this.of(tenant) });
    const { results } = await answerOf(call);
    return results.map((item) => from.item(item, item.receipt, toReceipt));
  }

  /** Receipts in the order of the signals, each with its own error; at most 128. */
  async signal(
    tenant: string,
    signals: readonly ConsentSignalInput[],
  ): Promise<ItemResult<readonly ConsentReceipt[]>[]> {
    const body = {
      signals: signals.map(({ at, isGpc, vendors = [], ...signal }) => ({
        ...signal,
        vendors: [...vendors],
        ...(at === undefined ? {} : { at: at.toISOString() }),
        ...(isGpc === undefined ? {} : { gpc: isGpc }),
      })),
    };
    const call = this.api.POST('/v1/consent/signals', { body, ...this.of(tenant) });
    const { results } = await answerOf(call);
    return results.map((item) =>
      from.item(item, item.receipts, (receipts) => receipts.map(toReceipt)),
    );
  }

  /** Once this resolves no service acts against it after a second. @throws idempotency_conflict */
  async withdraw(tenant: string, withdrawal: ConsentWithdrawal): Promise<ConsentReceipt> {
    const body = { purpose: '*', channel: '*', vendor: '*', ...withdrawal };
    const call = this.api.POST('/v1/consent/withdraw', { body, ...this.of(tenant) });
    return toReceipt(await answerOf(call));
  }

  /** @throws consent_record_not_found */
  async getRecord(tenant: string, id: string): Promise<StoredConsentRecord> {
    const params = { path: { id } };
    return answerOf(this.api.GET('/v1/consent/records/{id}', { params, ...this.of(tenant) }));
  }

  /** A page of what a customer said, newest first. @throws consent_record_not_found when that is nothing */
  async history(
    tenant: string,
    customerId: string,
    page: { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<{
    readonly items: readonly StoredConsentRecord[];
    readonly nextCursor: string | null;
  }> {
    const params = { path: { customerId }, query: { ...page } };
    const call = this.api.GET('/v1/consent/subjects/{customerId}', {
      ...{ params, ...this.of(tenant) },
    });
    return answerOf(call);
  }

  /** Changes after a place; without one only where the feed stands. Waits up to `waitMs` for the next. */
  async changes(
    tenant: string,
    after: number | undefined,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<ConsentChangePage> {
    const query = { waitMs, ...(after === undefined ? {} : { after }) };
    const stop = signal === undefined ? {} : { signal };
    const call = this.api.GET('/v1/consent/changes', {
      ...{ params: { query }, ...this.of(tenant), ...stop },
    });
    return answerOf(call);
  }

  /** The settings in force. */
  async settings(tenant: string): Promise<ConsentSettingsInForce> {
    return answerOf(this.api.GET('/v1/consent/settings', this.of(tenant)));
  }

  /** @throws consent_settings_conflict, consent_settings_invalid, approval_required */
  async putSettings(tenant: string, body: ConsentSettingsInput): Promise<ConsentSettingsInForce> {
    const call = this.api.PUT('/v1/consent/settings', { body, ...this.of(tenant) });
    return madeOf(await answerOf(call));
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}

function toReceipt({ recordedAt, ...rest }: WireReceipt): ConsentReceipt {
  return { ...rest, recordedAt: new Date(recordedAt) };
}
