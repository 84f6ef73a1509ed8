import { answerOf, createApi } from '@kiki/api-client';
import { ModelKind, SyncValueClient } from '@kiki/contract-syncvalue';
import type { PersistentClient } from './client.js';
import type { Acknowledgement, Witness } from './witness.js';

const BATCH = 20;
const CUSTOMERS = 200;

interface BatchPaths {
  '/v1/batch': {
    post: {
      requestBody: { content: { 'application/json': object } };
      responses: { 200: { content: { 'application/json': object } } };
    };
  };
}

/** Orders that are tracked at SyncEngage and have to arrive at SyncValue, each once. */
export class OrderLoad {
  private readonly api;
  private readonly value: SyncValueClient;
  private readonly expected = new Map<string, number>();
  private isStopped = false;

  constructor(
    private readonly client: PersistentClient,
    private readonly witness: Witness,
    urls: { readonly engage: string; readonly value: string },
  ) {
    this.api = createApi<BatchPaths>({ baseUrl: urls.engage, timeoutMs: 15_000 });
    this.value = new SyncValueClient({ target: urls.value, headers: client.headersOf });
  }

  /** A first log to fit a model to, so that bids have a value. */
  async prepare(): Promise<void> {
    const transactions = Array.from({ length: 2000 }, (_, i) => ({
      transactionId: `first-${i}`,
      customerId: `c${(i * 7919) % CUSTOMERS}`,
      occurredAt: new Date(Date.UTC(2025, 0, 1 + ((i * 104_729) % 360))),
      amountMicros: BigInt(10_000_000 + ((i * 15_485_863) % 50_000_000)),
      currency: 'EUR',
      kind: 1,
      acquisition: undefined,
    }));
    const { tenant } = this.client;
    await this.client.insist(() => this.value.ingest(transactions, {}, { tenant }));
    for (const { customerId } of transactions) this.expect(customerId);
    await this.client.insist(() => this.value.fitModel({ kind: ModelKind.BGNBD }, { tenant }));
  }

  async run(workers: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, (_, i) => this.work(i)));
  }

  stop(): void {
    this.isStopped = true;
  }

  close(): void {
    this.value.close();
  }

  /** Acknowledged orders that SyncValue does not have, or has twice. */
  async differences(): Promise<number> {
    let differences = 0;
    for (const [customerId, count] of this.expected) {
      const { customer } = await this.value.getCustomer(customerId, undefined, {
        tenant: this.client.tenant,
      });
      differences += Math.abs(Number(customer?.transactionCount ?? 0n) - count);
    }
    return differences;
  }

  private async work(worker: number): Promise<void> {
    for (let n = 0; !this.isStopped; n++) {
      const ids = Array.from({ length: BATCH }, (_, i) => `o${worker}-${n}-${i}`);
      const body = { batch: ids.map((id, i) => this.event(id, worker * 31 + n * 7 + i)) };
      const answer = await this.client.insist(() =>
        answerOf(this.api.POST('/v1/batch', { body, headers: this.client.headersOf() })),
      );
      if (answer === undefined) return;
      await Promise.all(ids.map((id) => this.witness.record(acknowledged(id))));
      ids.forEach((_, i) => this.expect(`c${(worker * 31 + n * 7 + i) % CUSTOMERS}`));
    }
  }

  private expect(customerId: string): void {
    this.expected.set(customerId, (this.expected.get(customerId) ?? 0) + 1);
  }

  private event(id: string, number: number): object {
    return {
      type: 'track',
      messageId: id,
      userId: `c${number % CUSTOMERS}`,
      event: 'Order Completed',
      timestamp: new Date(Date.UTC(2026, 0, 1 + (number % 90))).toISOString(),
      properties: { order_id: id, total: 12.5, currency: 'EUR' },
    };
  }
}

function acknowledged(id: string): Acknowledgement {
  return { kind: 'order', id, answer: 'taken' };
}
