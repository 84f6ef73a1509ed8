import { derivedServiceKey } from '@kiki/auth';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post, type Answer, type ItemOnWire } from './wire.js';

/** Codes of an item or an answer that say: the same request may be repeated. */
const PASSING = new Set([
  'shard_busy',
  'shield_overloaded',
  'decision_unknown',
  'unavailable',
  'deadline_exceeded',
]);

/** Answers that no outage explains before a request is given up. */
const MAX_FAULTS = 10;

/** Sends the same request to one replica after the other until every item of it is decided. */
export class Caller {
  /** Items that wait for their answer now. */
  inFlight = 0;
  /** Requests that were repeated. */
  repeated = 0;
  /** Answers that no outage explains, by code. */
  readonly unexpected = new Map<string, number>();
  /** The longest time anybody waited for a decision, repetitions included, since the last reset. */
  longestMs = 0;
  private turn = 0;
  private sinceMs = 0;
  private readonly answered: number[];
  private readonly authorization: string;

  constructor(
    private readonly baseUrls: readonly string[],
    rootSecret: string,
  ) {
    this.authorization = `Bearer ${derivedServiceKey(rootSecret, 'kiki')}`;
    this.answered = baseUrls.map(() => 0);
  }

  /** The replica that has answered most. */
  get busiest(): number {
    return this.answered.indexOf(Math.max(...this.answered));
  }

  /** Waits are counted from now on; one that is under way counts from now. */
  resetLongest(): void {
    this.longestMs = 0;
    this.sinceMs = performance.now();
  }

  /** One answer, whatever it takes. */
  async insist(tenant: string, path: string, body: unknown): Promise<Answer> {
    const startedMs = performance.now();
    for (let faults = 0; ;) {
      const answer = await this.once(tenant, path, body);
      const waitedMs = performance.now() - Math.max(startedMs, this.sinceMs);
      this.longestMs = Math.max(this.longestMs, waitedMs);
      if (answer.status === 200) return answer;
      if (!isPassing(answer)) {
        this.note(`${answer.status} ${answer.body.code ?? ''} ${path}`);
        if (answer.status < 500 || ++faults >= MAX_FAULTS) return answer;
      }
      this.repeated++;
      await sleep(10 + Math.random() * 60);
    }
  }

  /** The results of all items in their order; items that were not decided are asked for again. */
  async insistAll<B>(
    tenant: string,
    path: string,
    wrap: (items: readonly B[]) => unknown,
    items: readonly B[],
  ): Promise<ItemOnWire[]> {
    const results = new Array<ItemOnWire>(items.length);
    let open = items.map((_, index) => index);
    this.inFlight += open.length;
    while (open.length > 0) {
      const answer = await this.insist(tenant, path, wrap(open.map((index) => items[index]!)));
      const answered = answer.body.results ?? [];
      const left: number[] = [];
      for (const [at, index] of open.entries()) {
        const item = answered[at] ?? { error: { code: `${answer.status} ${answer.body.code}` } };
        if (item.error !== undefined && PASSING.has(item.error.code)) left.push(index);
        else results[index] = item;
      }
      this.inFlight -= open.length - left.length;
      if (left.length > 0) await sleep(10 + Math.random() * 60);
      open = left;
    }
    return results;
  }

  /** Reads, again and again until it is answered. */
  async read<T>(tenant: string, path: string): Promise<T> {
    const headers = { authorization: this.authorization, 'kiki-tenant': tenant };
    for (;;) {
      const answer = await get(
        `${this.baseUrls[this.turn++ % this.baseUrls.length]!}${path}`,
        headers,
      );
      if (answer !== undefined) return answer as T;
      await sleep(50);
    }
  }

  /** An answer that should not have been. */
  note(what: string): void {
    this.unexpected.set(what, (this.unexpected.get(what) ?? 0) + 1);
  }

  private async once(tenant: string, path: string, body: unknown): Promise<Answer> {
    const replica = this.turn++ % this.baseUrls.length;
    const headers = { authorization: this.authorization, 'kiki-tenant': tenant };
    const answer = await post(`${this.baseUrls[replica]!}${path}`, body, headers);
    if (answer.status === 200) this.answered[replica]!++;
    return answer;
  }
}

function isPassing({ status, body }: Answer): boolean {
  return status === 0 || PASSING.has(body.code ?? '');
}
