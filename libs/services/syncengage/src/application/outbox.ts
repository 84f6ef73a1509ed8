import type { OrderTransaction } from '../domain/order.js';

/** An order that waits to be told to SyncValue. */
export interface OutboxRow extends OrderTransaction {
  readonly customerId: string;
  readonly occurredAt: Date;
}

/** How far behind the outbox is. */
export interface OutboxLag {
  readonly pending: number;
  readonly rejected: number;
  /** When the oldest waiting order was taken in; undefined when none waits. */
  readonly oldestAt?: Date;
}

/** What became of a row at SyncValue. */
export interface OutboxOutcome {
  readonly transactionId: string;
  /** The code of the refusal; undefined: taken, now or before. */
  readonly rejectedBecause?: string;
}

/** What one call sent. */
export interface Forwarded {
  readonly sent: number;
  readonly outcomes: readonly OutboxOutcome[];
}

/** Orders on their way to SyncValue, in the order they came in. */
export abstract class Outbox {
  /** Tenants with waiting orders. */
  abstract tenants(): Promise<string[]>;
  /** The oldest waiting orders of a tenant. */
  abstract pending(tenant: string, limit: number): Promise<OutboxRow[]>;
  /**
   * Sends the oldest waiting orders of a tenant and writes down what became of them. Their rows are locked until then:
   * an erasure waits for what is on its way, so that nothing arrives at SyncValue after it.
   * @throws what `send` throws: all of them wait on
   */
  abstract forward(
    tenant: string,
    limit: number,
    send: (rows: readonly OutboxRow[]) => Promise<OutboxOutcome[]>,
  ): Promise<Forwarded>;
  /** Of one tenant, or of all. */
  abstract lag(tenant?: string): Promise<OutboxLag>;
}

/** Where orders go: SyncValue, which counts a transaction id once. */
export abstract class TransactionSink {
  /** One outcome per row. @throws unavailable, deadline_exceeded: nothing is known about any row */
  abstract send(tenant: string, rows: readonly OutboxRow[]): Promise<OutboxOutcome[]>;
}
