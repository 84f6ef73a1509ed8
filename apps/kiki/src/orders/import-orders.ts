import {
  NegativeAmountPolicy,
  TransactionKind,
  type IngestTransactionsResponse,
  type SyncValueClient,
  type Transaction,
} from '@kiki/contract-syncvalue';
import type { OrderLogOptions, OrderLogReport, OrderRow } from '@kiki/orderlog';
import { readOrderFile } from './order-file.js';
import { DEFAULT_CURRENCY } from './order-log-options.js';

/** One import of a file into SyncValue. */
export interface ImportRequest {
  readonly path: string;
  readonly tenant: string;
  /** The currency of rows that name none is `options.currency`, else {@link DEFAULT_CURRENCY}. */
  readonly options: OrderLogOptions;
  readonly client: SyncValueClient;
  readonly signal?: AbortSignal;
  /** Bytes of the file that were read. */
  readonly onBytes?: (bytes: number) => void;
}

/** What became of a file. */
export interface ImportResult {
  readonly file: OrderLogReport;
  readonly ingested: IngestTransactionsResponse;
}

/** Streams a file into SyncValue; a repeated import stores nothing twice. @throws as the reader and SyncValue */
export async function importOrders(request: ImportRequest): Promise<ImportResult> {
  const { path, tenant, options, client, signal, onBytes } = request;
  const rows = readOrderFile(path, options, onBytes);
  let file: OrderLogReport | undefined;
  async function* transactions(): AsyncGenerator<Transaction> {
    for (;;) {
      const { done, value } = await rows.next();
      if (done) {
        file = value;
        return;
      }
      yield transactionOf(value, options.currency ?? DEFAULT_CURRENCY);
    }
  }
  const policy = options.refundsDeclared
    ? NegativeAmountPolicy.REFUND
    : NegativeAmountPolicy.REJECT;
  const ingested = await client.ingest(
    transactions(),
    {
      negativeAmountPolicy: policy,
      timeZone: options.timeZone ?? '',
      source: path.split(/[\\/]/).at(-1) ?? path,
    },
    { tenant, ...(signal === undefined ? {} : { signal }) },
  );
  if (file === undefined) throw new Error('the order log was not read to its end');
  return { file, ingested };
}

/** A row as SyncValue takes it; without an amount it counts as a purchase of nothing. */
export function transactionOf(row: OrderRow, currency: string): Transaction {
  return {
    transactionId: row.transactionId,
    customerId: row.customerId,
    occurredAt: new Date(row.atMs),
    amountMicros: row.amountMicros ?? 0n,
    currency: row.currency ?? currency,
    kind: row.isRefund ? TransactionKind.REFUND : TransactionKind.PURCHASE,
    acquisition: row.attributes && { attributes: { ...row.attributes } },
  };
}
