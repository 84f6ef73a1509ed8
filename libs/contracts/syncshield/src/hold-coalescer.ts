import { DomainError, kernelErrors } from '@kiki/kernel';
import type { Hold, HoldRequest, ItemResult } from './money-types.js';
import { MAX_BATCH } from './syncshield-client.js';

/** Whoever sends a batch of holds; a SyncShieldClient is one. */
export interface HoldBatches {
  holdBatch(tenant: string, requests: readonly HoldRequest[]): Promise<ItemResult<Hold>[]>;
}

/** How holds are brought together. */
export interface HoldCoalescerOptions {
  readonly tenant: string;
  /**
   * Requests that may be on their way at once. More hide the way there and back, and make smaller
   * transactions. @default 1
   */
  readonly maxInFlight?: number;
  /** Most holds in one request, up to MAX_BATCH. @default 1024 */
  readonly maxBatch?: number;
  /** Most holds that may wait in this process; more are turned away. @default 16384 */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly request: HoldRequest;
  readonly resolve: (hold: Hold) => void;
  readonly reject: (error: unknown) => void;
}

/** What waits is shared by the requests that may go, but not into smaller ones than this. */
const WORTH_A_REQUEST = 32;

/**
 * Single holds of many callers as few requests: while as many requests are on their way as may be,
 * everything else waits, then goes together. No timer: a lone caller waits for nothing but the end
 * of the event loop's turn. Requests may overtake each other; within one the order is that of the
 * calls.
 */
export class HoldCoalescer {
  private queue: Waiting[] = [];
  private inFlight = 0;
  private isScheduled = false;
  private readonly tenant: string;
  private readonly maxInFlight: number;
  private readonly maxBatch: number;
  private readonly maxWaiting: number;

  constructor(
    private readonly client: HoldBatches,
    options: HoldCoalescerOptions,
  ) {
    this.tenant = options.tenant;
    this.maxInFlight = options.maxInFlight ?? 1;
    this.maxBatch = Math.min(options.maxBatch ?? MAX_BATCH, MAX_BATCH);
    this.maxWaiting = options.maxWaiting ?? 16_384;
  }

  /** Holds that wait for their request. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * The decision; a denial is one too. Nothing is repeated here, but everything may be repeated
   * with the same id. @throws shield_overloaded, also when too many wait here; the error of this
   * hold, or of the request it went with
   */
  hold(request: HoldRequest): Promise<Hold> {
    if (this.queue.length >= this.maxWaiting) return Promise.reject(this.turnedAway());
    return new Promise((resolve, reject) => {
      this.queue.push({ request, resolve, reject });
      this.schedule();
    });
  }

  /** Not at once: callers that an answer has woken together go on together. */
  private schedule(): void {
    if (this.isScheduled || this.inFlight >= this.maxInFlight || this.queue.length === 0) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      while (this.queue.length > 0 && this.inFlight < this.maxInFlight) {
        void this.send(this.queue.splice(0, this.share()));
      }
    });
  }

  /** So many that the requests which may go now share what waits: while one is decided, the next is read. */
  private share(): number {
    const even = Math.ceil(this.queue.length / (this.maxInFlight - this.inFlight));
    return Math.min(this.maxBatch, Math.max(WORTH_A_REQUEST, even));
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    this.inFlight++;
    try {
      const results = await this.client.holdBatch(
        this.tenant,
        batch.map(({ request }) => request),
      );
      for (const [i, { resolve, reject }] of batch.entries()) {
        const result = results[i];
        if (result === undefined) reject(kernelErrors.internal('A hold came back without answer.'));
        else if (result.ok) resolve(result.value);
        else reject(result.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.inFlight--;
      this.schedule();
    }
  }

  private turnedAway(): DomainError {
    const message = `${this.queue.length} holds are waiting in this process.`;
    return new DomainError('shield_overloaded', 'rate_limited', message, { retryAfterMs: 250 });
  }
}
