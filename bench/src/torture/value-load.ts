import {
  SyncValueClient,
  TransactionKind,
  type IngestTransactionsResponse,
  type Transaction,
} from '@kiki/contract-syncvalue';
import { SeededRandom } from '@kiki/kernel';
import type { PersistentClient } from './client.js';
import type { Witness } from './witness.js';

const CUSTOMERS = 150;
const DAYS = 400;
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2024, 0, 1);
/** Batches of one worker, so that no two rows share an instant. */
const INSTANTS = 4_000_000;

/** One call of IngestTransactions: its rows, cut into messages of `chunkSize`. */
export interface Batch {
  readonly id: string;
  /** New rows first, then some of an acknowledged batch once more. */
  readonly rows: readonly Transaction[];
  readonly freshCount: number;
  readonly chunkSize: number;
}

/** The content that makes a row one of a kind: no two rows of a run share customer, instant and amount. */
export function contentOf(customerId: string, atMs: number, micros: bigint): string {
  return `${customerId}/${atMs}/${micros}`;
}

/** Streams of late, out-of-order, refunded and repeated rows, sent again until they are acknowledged. */
export class ValueLoad {
  private readonly value: SyncValueClient;
  /** Every batch that was ever sent. */
  readonly sent = new Map<string, Batch>();
  /** Batches given up after a call without an answer: their chunks may be there or not. */
  readonly abandoned = new Set<string>();
  /** Acknowledgements whose counts do not add up. */
  readonly wrong: string[] = [];
  private isStopped = false;

  constructor(
    private readonly client: PersistentClient,
    private readonly witness: Witness,
    target: string,
  ) {
    // A killed service is back within two seconds; the client must not sleep through them.
    const channel = { 'grpc.max_reconnect_backoff_ms': 100 };
    this.value = new SyncValueClient({ target, headers: client.headersOf, channel });
  }

  /** Runs until `stop`; what is under way then is still acknowledged. */
  async run(workers: number, seed: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, (_, i) => this.work(i, seed)));
  }

  stop(): void {
    this.isStopped = true;
  }

  close(): void {
    this.value.close();
  }

  private async work(worker: number, seed: number): Promise<void> {
    const random = new SeededRandom(seed * 100_003 + worker);
    const maker = new BatchMaker(worker, random);
    let previous: Batch | undefined;
    while (!this.isStopped) {
      const batch = maker.next(previous);
      this.sent.set(batch.id, batch);
      const isGivenUp = random.nextDouble() < 0.15;
      if (await this.send(batch, isGivenUp)) previous = batch;
    }
  }

  /** True when acknowledged; a batch to be given up is not sent again after a call without an answer. */
  private async send(batch: Batch, isGivenUp: boolean): Promise<boolean> {
    const { tenant } = this.client;
    const { id, rows, chunkSize } = batch;
    let attempts = 0;
    const answer = await this.client.insist<IngestTransactionsResponse | 'given up'>(() => {
      if (isGivenUp && attempts++ > 0) return Promise.resolve('given up');
      return this.value.ingest(rows, {}, { tenant, chunkSize, deadlineMs: 15_000 });
    });
    if (answer === undefined || answer === 'given up') {
      this.abandoned.add(id);
      return false;
    }
    const { storedCount, duplicateCount, rejectedCount } = answer;
    if (storedCount + duplicateCount !== BigInt(rows.length) || rejectedCount > 0n) {
      this.wrong.push(`${id}: ${storedCount} + ${duplicateCount} + ${rejectedCount}`);
    }
    await this.witness.record({ kind: 'order', id, answer: String(rows.length) });
    return true;
  }
}

/** Makes one worker's batches. */
class BatchMaker {
  private batches = 0;
  private instants = 0;

  constructor(
    private readonly worker: number,
    private readonly random: SeededRandom,
  ) {}

  /** New rows, and some of the previous batch once more. */
  next(previous: Batch | undefined): Batch {
    const { random } = this;
    const id = `w${this.worker}-${this.batches++}`;
    // Some rows carry no id: the service derives one from their content.
    const hasIds = random.nextDouble() < 0.7;
    const count = 10 + random.nextInt(400);
    const fresh = Array.from({ length: count }, (_, i) => this.row(hasIds ? `${id}-${i}` : ''));
    const again = (previous?.rows ?? []).filter(() => random.nextDouble() < 0.1);
    const chunkSize = 10 + random.nextInt(200);
    return { id, rows: [...fresh, ...again], freshCount: count, chunkSize };
  }

  private row(transactionId: string): Transaction {
    const { random } = this;
    const instant = this.worker * INSTANTS + this.instants++;
    const atMs = FIRST_DAY_MS + random.nextInt(DAYS) * DAY_MS + instant;
    const isRefund = random.nextDouble() < 0.12;
    return {
      transactionId,
      customerId: `c${random.nextInt(CUSTOMERS)}`,
      occurredAt: new Date(atMs),
      amountMicros: BigInt(random.nextInt(90_000_000)) * (isRefund ? -1n : 1n),
      currency: 'EUR',
      kind: isRefund ? TransactionKind.REFUND : TransactionKind.PURCHASE,
      acquisition: undefined,
    };
  }
}
