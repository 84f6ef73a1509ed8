/** What the simulated exchange tells about a bid. */
export type SimulatedNoticeKind = 'won' | 'lost' | 'billed' | 'converted';

/** One notice, as it is to be delivered. */
export interface SimulatedNotice {
  /** Begins with `sim-`; a duplicate carries the id of its original. */
  readonly id: string;
  readonly bidId: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly kind: SimulatedNoticeKind;
  /** Clearing price in units of the currency, up to nine decimals, e.g. `0.004217388`; of `won` and `billed`. */
  readonly price?: string;
  readonly currency: string;
  /** When it happened, ms since the epoch. */
  readonly happenedMs: number;
  /** When it is delivered, ms since the epoch; never before it happened. */
  readonly deliverMs: number;
  readonly isDuplicate: boolean;
}

/** Notices by delivery time; equal times keep the order of the ids, so that the order is the seed's alone. */
export class NoticeQueue {
  private readonly heap: SimulatedNotice[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** Delivery time of the next notice; undefined when none waits. */
  get nextMs(): number | undefined {
    return this.heap[0]?.deliverMs;
  }

  push(notice: SimulatedNotice): void {
    this.heap.push(notice);
    let child = this.heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) break;
      this.swap(child, parent);
      child = parent;
    }
  }

  /** Takes out everything that is due. */
  take(nowMs: number): SimulatedNotice[] {
    const due: SimulatedNotice[] = [];
    while (this.nextMs !== undefined && this.nextMs <= nowMs) due.push(this.pop());
    return due;
  }

  private pop(): SimulatedNotice {
    const [top] = this.heap as [SimulatedNotice];
    const last = this.heap.pop() as SimulatedNotice;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return top;
  }

  private sink(): void {
    let parent = 0;
    for (;;) {
      let first = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < this.heap.length && this.isBefore(child, first)) first = child;
      }
      if (first === parent) return;
      this.swap(first, parent);
      parent = first;
    }
  }

  private isBefore(i: number, j: number): boolean {
    const a = this.heap[i] as SimulatedNotice;
    const b = this.heap[j] as SimulatedNotice;
    if (a.deliverMs !== b.deliverMs) return a.deliverMs < b.deliverMs;
    if (a.id !== b.id) return a.id < b.id;
    return !a.isDuplicate && b.isDuplicate;
  }

  private swap(i: number, j: number): void {
    const held = this.heap[i] as SimulatedNotice;
    this.heap[i] = this.heap[j] as SimulatedNotice;
    this.heap[j] = held;
  }
}
