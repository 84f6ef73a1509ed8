/** Bounds of a batcher. */
export interface BatcherOptions {
  /** Most items that go together; one submission is never split. */
  readonly maxBatch: number;
  /** Most items that may wait; more are turned away. */
  readonly maxWaiting: number;
  /** Makes the error of a submission that is turned away. */
  readonly overloaded: (waiting: number) => Error;
  /**
   * Whether an error of a joint run may come from one submission alone, so that each is worth a
   * run of its own.
   */
  readonly isWorthSplitting: (error: unknown) => boolean;
}

interface Submission<C, R> {
  readonly items: readonly C[];
  readonly resolve: (results: R[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Natural batching: while one run is in flight everything else waits, then goes together in order
 * of arrival. No timer: a lone caller goes at once, many callers share a commit.
 */
export class NaturalBatcher<C, R> {
  private queue: Submission<C, R>[] = [];
  private waitingItems = 0;
  private isRunning = false;

  constructor(
    private readonly run: (items: readonly C[]) => Promise<R[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** Items that wait for their run. */
  get waiting(): number {
    return this.waitingItems;
  }

  /**
   * Runs the items in one run, together with what others submitted meanwhile; results in the order
   * of the items.
   */
  submit(items: readonly C[]): Promise<R[]> {
    if (this.waitingItems + items.length > this.options.maxWaiting && this.waitingItems > 0) {
      return Promise.reject(this.options.overloaded(this.waitingItems));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ items, resolve, reject });
      this.waitingItems += items.length;
      if (!this.isRunning) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.isRunning = true;
    while (this.queue.length > 0) await this.runTogether(this.take());
    this.isRunning = false;
  }

  private take(): Submission<C, R>[] {
    let count = 0;
    let size = 0;
    for (const { items } of this.queue) {
      if (count > 0 && size + items.length > this.options.maxBatch) break;
      size += items.length;
      count++;
    }
    this.waitingItems -= size;
    return this.queue.splice(0, count);
  }

  private async runTogether(submissions: readonly Submission<C, R>[]): Promise<void> {
    try {
      const results = await this.run(submissions.flatMap(({ items }) => items));
      let at = 0;
      for (const { items, resolve } of submissions) {
        resolve(results.slice(at, (at += items.length)));
      }
    } catch (error) {
      await this.fail(submissions, error);
    }
  }

  private async fail(submissions: readonly Submission<C, R>[], error: unknown): Promise<void> {
    if (submissions.length > 1 && this.options.isWorthSplitting(error)) {
      for (const submission of submissions) await this.runTogether([submission]);
      return;
    }
    for (const { reject } of submissions) reject(error);
  }
}
