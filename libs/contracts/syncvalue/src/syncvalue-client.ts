import { GrpcClient, type GrpcCallOptions, type GrpcClientOptions } from '@kiki/grpc';
import { kernelErrors } from '@kiki/kernel';
import type { BacktestProgress, BacktestReport } from './generated/kiki/syncvalue/v1/backtest.js';
import type { GateResult } from './generated/kiki/syncvalue/v1/gate.js';
import type { FitProgress, Model } from './generated/kiki/syncvalue/v1/model.js';
import type { CustomerQuery, PredictionOptions } from './generated/kiki/syncvalue/v1/prediction.js';
import type * as rpc from './generated/kiki/syncvalue/v1/sync_value_service.js';
import { SyncValueServiceService as methods } from './generated/kiki/syncvalue/v1/sync_value_service.js';
import type { IngestOptions, Transaction } from './generated/kiki/syncvalue/v1/transaction.js';
import { chunked } from './chunked.js';
import { SYNCVALUE_SERVICE } from './service.js';

/** Most customers or rows that one message may carry. */
export const MAX_CHUNK = 10_000;

/** How a client of SyncValue is made. */
export interface SyncValueClientOptions extends Omit<GrpcClientOptions, 'retryable'> {
  /** Metadata of every call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers?: (tenant: string) => Readonly<Record<string, string>>;
}

/** What a call may say; `tenant` is handed to `headers`. */
export interface SyncValueCall extends GrpcCallOptions {
  /** @default 'default' */
  readonly tenant?: string;
}

/** Deadline of calls that run as long as the work takes, milliseconds. */
const LONG_DEADLINE_MS = 600_000;
const REPEATABLE = [
  ...[
    'Predict',
    'PredictBatch',
    'Explain',
    'GetCustomer',
    'ListCustomers',
    'ListModels',
    'GetModel',
  ],
  ...['ListLabelMoves', 'ListRefits', 'GetShadowComparison', 'GetDrift'],
];

/** Typed client of SyncValueService: promises, chunked streams, deadlines, DomainErrors. */
export class SyncValueClient {
  private readonly channel: GrpcClient;

  constructor(private readonly options: SyncValueClientOptions) {
    const retryable = REPEATABLE.map((method) => ({ service: SYNCVALUE_SERVICE, method }));
    this.channel = new GrpcClient({ ...options, retryable });
  }

  /** One customer. @throws model_missing, unavailable, deadline_exceeded */
  predict(
    customer: CustomerQuery,
    options?: Partial<PredictionOptions>,
    call?: SyncValueCall,
  ): Promise<rpc.PredictResponse> {
    const request = { customer, options: predictionOptions(options) };
    return this.channel.unary(methods.predict, request, this.callOf(call));
  }

  /** Up to MAX_CHUNK customers; results keep the order and carry their own errors. @throws model_missing */
  predictBatch(
    customers: CustomerQuery[],
    options?: Partial<PredictionOptions>,
    call?: SyncValueCall,
  ): Promise<rpc.PredictBatchResponse> {
    const request = { customers, options: predictionOptions(options) };
    return this.channel.unary(methods.predictBatch, request, this.callOf(call));
  }

  /** Any number of customers, `chunkSize` a message; one answer per chunk, in order. */
  predictStream(
    customers: Iterable<CustomerQuery> | AsyncIterable<CustomerQuery>,
    options?: Partial<PredictionOptions>,
    call?: SyncValueCall & { readonly chunkSize?: number },
  ): AsyncGenerator<rpc.PredictStreamResponse> {
    const fixed = predictionOptions(options);
    const requests = chunked(customers, call?.chunkSize ?? 1_000, (chunk, index) => ({
      customers: chunk,
      options: index === 0 ? fixed : undefined,
    }));
    return this.channel.bidiStream(
      methods.predictStream,
      requests,
      this.callOf(call, LONG_DEADLINE_MS),
    );
  }

  /** Sends an order log in chunks; safe to repeat: a row counts once. */
  ingest(
    transactions: Iterable<Transaction> | AsyncIterable<Transaction>,
    options?: Partial<IngestOptions>,
    call?: SyncValueCall & { readonly chunkSize?: number },
  ): Promise<rpc.IngestTransactionsResponse> {
    const first: IngestOptions = { negativeAmountPolicy: 0, timeZone: '', source: '', ...options };
    const requests = chunked(transactions, call?.chunkSize ?? 5_000, (chunk, index) => ({
      transactions: chunk,
      options: index === 0 ? first : undefined,
    }));
    return this.channel.clientStream(
      methods.ingestTransactions,
      requests,
      this.callOf(call, LONG_DEADLINE_MS),
    );
  }

  /**
   * Fits a model; aborting the signal stops the fit. One that was to become champion and is told by `onGates` that it
   * failed one is stored without the label. @throws no_transactions, fit_failed
   */
  async fitModel(
    request: Partial<rpc.FitModelRequest> = {},
    call?: SyncValueCall & {
      readonly onProgress?: (progress: FitProgress) => void;
      readonly onGates?: (gates: readonly GateResult[]) => void;
    },
  ): Promise<Model> {
    const full: rpc.FitModelRequest = {
      kind: 0,
      spendKind: 0,
      timeUnit: 0,
      calibrationEnd: undefined,
      label: 0,
      ...request,
    };
    const answers = this.channel.serverStream(
      methods.fitModel,
      full,
      this.callOf(call, LONG_DEADLINE_MS),
    );
    for await (const { update, gates } of answers) {
      if (update?.$case === 'progress') call?.onProgress?.(update.value);
      if (update?.$case !== 'model') continue;
      if (gates.length > 0) call?.onGates?.(gates);
      return update.value;
    }
    throw kernelErrors.internal('The fit ended without a model.');
  }

  /** Fits on the past, scores on the future of the tenant's log. */
  async backtest(
    request: Partial<rpc.BacktestRequest> = {},
    call?: SyncValueCall & { readonly onProgress?: (progress: BacktestProgress) => void },
  ): Promise<BacktestReport> {
    const full: rpc.BacktestRequest = {
      kind: 0,
      timeUnit: 0,
      calibrationEnd: undefined,
      holdoutEnd: undefined,
      originCount: 0,
      ...request,
    };
    const answers = this.channel.serverStream(
      methods.backtest,
      full,
      this.callOf(call, LONG_DEADLINE_MS),
    );
    for await (const { update } of answers) {
      if (update?.$case === 'report') return update.value;
      if (update?.$case === 'progress') call?.onProgress?.(update.value);
    }
    throw kernelErrors.internal('The back-test ended without a report.');
  }

  /** Newest first; pass `nextPageToken` back for the next page. */
  listModels(
    request: Partial<rpc.ListModelsRequest> = {},
    call?: SyncValueCall,
  ): Promise<rpc.ListModelsResponse> {
    const full = { pageSize: 0, pageToken: '', ...request };
    return this.channel.unary(methods.listModels, full, this.callOf(call));
  }

  /** One model by version or label. @throws model_not_found, model_missing */
  getModel(
    model: rpc.GetModelRequest['model'],
    call?: SyncValueCall,
  ): Promise<rpc.GetModelResponse> {
    return this.channel.unary(methods.getModel, { model }, this.callOf(call));
  }

  /** Moves a label; champion through the gates. @throws model_not_found, label_moved, promotion_refused */
  promoteModel(
    request: Pick<rpc.PromoteModelRequest, 'modelVersion'> & Partial<rpc.PromoteModelRequest>,
    call?: SyncValueCall,
  ): Promise<rpc.PromoteModelResponse> {
    const full = { label: 0, expectedCurrentVersion: '', isForced: false, reason: '', ...request };
    return this.channel.unary(methods.promoteModel, full, this.callOf(call));
  }

  /** Gives a label back to the version that had it before. @throws previous_version_missing, label_moved */
  rollbackModel(
    request: Partial<rpc.RollbackModelRequest> = {},
    call?: SyncValueCall,
  ): Promise<rpc.RollbackModelResponse> {
    const full = { label: 0, reason: '', expectedCurrentVersion: '', ...request };
    return this.channel.unary(methods.rollbackModel, full, this.callOf(call));
  }

  /** Moves of the labels, newest first. */
  listLabelMoves(
    request: Partial<rpc.ListLabelMovesRequest> = {},
    call?: SyncValueCall,
  ): Promise<rpc.ListLabelMovesResponse> {
    const full = { pageSize: 0, pageToken: '', ...request };
    return this.channel.unary(methods.listLabelMoves, full, this.callOf(call));
  }

  /** Scheduled refits, newest first. */
  listRefits(
    request: Partial<rpc.ListRefitsRequest> = {},
    call?: SyncValueCall,
  ): Promise<rpc.ListRefitsResponse> {
    const full = { pageSize: 0, pageToken: '', ...request };
    return this.channel.unary(methods.listRefits, full, this.callOf(call));
  }

  /** The challenger beside the champion. */
  getShadowComparison(call?: SyncValueCall): Promise<rpc.GetShadowComparisonResponse> {
    return this.channel.unary(methods.getShadowComparison, {}, this.callOf(call));
  }

  /** Drift of the population that the champion was fitted to. */
  getDrift(call?: SyncValueCall): Promise<rpc.GetDriftResponse> {
    return this.channel.unary(methods.getDrift, {}, this.callOf(call));
  }

  /** Customers by predicted value, highest first. @throws scores_missing, scores_refreshed */
  listCustomers(
    request: Partial<rpc.ListCustomersRequest> = {},
    call?: SyncValueCall,
  ): Promise<rpc.ListCustomersResponse> {
    const full = { pageSize: 0, pageToken: '', valueTier: 0, ...request };
    return this.channel.unary(methods.listCustomers, full, this.callOf(call));
  }

  /** Why a customer is worth that much. @throws model_missing */
  explain(
    customer: CustomerQuery,
    options?: Partial<PredictionOptions>,
    call?: SyncValueCall,
  ): Promise<rpc.ExplainResponse> {
    const request = { customer, options: predictionOptions(options) };
    return this.channel.unary(methods.explain, request, this.callOf(call));
  }

  /** A customer's history as the models see it. @throws customer_not_found */
  getCustomer(
    customerId: string,
    asOf?: Date,
    call?: SyncValueCall,
  ): Promise<rpc.GetCustomerResponse> {
    return this.channel.unary(methods.getCustomer, { customerId, asOf }, this.callOf(call));
  }

  /** Waits until a connection stands. @throws unavailable */
  ready(timeoutMs: number): Promise<void> {
    return this.channel.ready(timeoutMs);
  }

  /** Closes the channel. */
  close(): void {
    this.channel.close();
  }

  private callOf(call: SyncValueCall = {}, deadlineMs?: number): GrpcCallOptions {
    const headers = this.options.headers?.(call.tenant ?? 'default');
    return {
      signal: call.signal,
      deadlineMs: call.deadlineMs ?? deadlineMs,
      metadata: { ...headers, ...call.metadata },
    };
  }
}

/** Asks for a customer by id. */
export function customerById(customerId: string): CustomerQuery {
  return { subject: { $case: 'customerId', value: customerId }, acquisition: undefined };
}

function predictionOptions(
  options: Partial<PredictionOptions> | undefined,
): PredictionOptions | undefined {
  return options && { asOf: undefined, quantiles: [], model: undefined, ...options };
}
