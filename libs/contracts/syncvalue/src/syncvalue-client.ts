import type { OnnxDeclaration } from './generated/kiki/syncvalue/v1/onnx_model.js';
import type { CustomerQuery, PredictionOptions } from './generated/kiki/syncvalue/v1/prediction.js';
import type * as rpc from './generated/kiki/syncvalue/v1/sync_value_service.js';
import { SyncValueServiceService as methods } from './generated/kiki/syncvalue/v1/sync_value_service.js';
import type { IngestOptions, Transaction } from './generated/kiki/syncvalue/v1/transaction.js';
import { chunked } from './chunked.js';
import { LONG_DEADLINE_MS, ModelWorkClient, type SyncValueCall } from './model-work-client.js';

/** Most customers or rows that one message may carry. */
export const MAX_CHUNK = 10_000;

/** Bytes of a graph in one message. */
const PIECE_BYTES = 256 * 1024;

/** Typed client of SyncValueService: promises, chunked streams, deadlines, DomainErrors. */
export class SyncValueClient extends ModelWorkClient {
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
   * Brings a model as an ONNX graph, whole or piece by piece; the same declaration and graph again: the model there is.
   * @throws onnx_declaration_invalid, onnx_graph_invalid, onnx_graph_mismatch, onnx_graph_too_large
   */
  importModel(
    declaration: OnnxDeclaration,
    graph: Uint8Array | AsyncIterable<Uint8Array>,
    call?: SyncValueCall & Partial<Pick<rpc.ImportModelRequest, 'label' | 'spendKind'>>,
  ): Promise<rpc.ImportModelResponse> {
    return this.channel.clientStream(
      methods.importModel,
      importMessages(
        { declaration, label: call?.label ?? 0, spendKind: call?.spendKind ?? 0 },
        graph,
      ),
      this.callOf(call, LONG_DEADLINE_MS),
    );
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
}

/** The declaration alone, then the graph in pieces. */
async function* importMessages(
  first: Pick<rpc.ImportModelRequest, 'declaration' | 'label' | 'spendKind'>,
  graph: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<rpc.ImportModelRequest> {
  yield { ...first, graphChunk: Buffer.alloc(0) };
  const next = { declaration: undefined, label: 0, spendKind: 0 };
  for await (const piece of graph instanceof Uint8Array ? [graph] : graph) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      yield { ...next, graphChunk: bytes.subarray(from, from + PIECE_BYTES) };
    }
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
