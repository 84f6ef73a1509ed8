import { TransactionKind, type SyncValueClient } from '@kiki/contract-syncvalue';
import { TransactionSink, type OutboxOutcome, type OutboxRow } from '../../application/outbox.js';

/** Tells SyncValue about orders in one stream; a transaction it knows already counts as told. */
export class GrpcTransactionSink extends TransactionSink {
  constructor(
    private readonly client: SyncValueClient,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  override async send(tenant: string, rows: readonly OutboxRow[]): Promise<OutboxOutcome[]> {
    const answer = await this.client.ingest(
      rows.map(({ transactionId, customerId, occurredAt, amountMicros, currency, kind }) => ({
        transactionId,
        customerId,
        occurredAt,
        amountMicros,
        currency,
        kind: kind === 'refund' ? TransactionKind.REFUND : TransactionKind.PURCHASE,
        acquisition: undefined,
      })),
      { source: 'syncengage' },
      { tenant, deadlineMs: this.timeoutMs },
    );
    const refusals = new Map(answer.errors.map((error) => [Number(error.rowIndex), error.code]));
    return rows.map(({ transactionId }, i) => {
      const code = refusals.get(i);
      return { transactionId, ...(code === undefined ? {} : { rejectedBecause: code }) };
    });
  }
}
