import { derivedServiceKey } from '@kiki/auth';
import { DomainError } from '@kiki/kernel';
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls the services as the operator of the machine, again and again until they answer. */
export class PersistentClient {
  /** Requests that are waiting for an answer at this moment. */
  inFlight = 0;
  /** Requests that had to be repeated because no answer came. */
  repeated = 0;
  /** Answers that no outage explains, by code. */
  readonly unexpected = new Map<string, number>();
  private isStopped = false;
  private readonly headers: Record<string, string>;

  constructor(
    rootSecret: string,
    readonly tenant: string,
  ) {
    this.headers = {
      authorization: `Bearer ${derivedServiceKey(rootSecret, 'kiki')}`,
      'kiki-tenant': tenant,
    };
  }

  /** Headers of a call, for the typed clients. */
  readonly headersOf = (): Record<string, string> => this.headers;

  /** From now on a call that gets no answer gives up. */
  stop(): void {
    this.isStopped = true;
  }

  /** Repeats the same call until it is answered; undefined when stopped before. */
  async insist<T>(call: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      this.inFlight++;
      try {
        return await call();
      } catch (error) {
        this.note(error);
      } finally {
        this.inFlight--;
      }
      if (this.isStopped) return undefined;
      this.repeated++;
      await sleep(20 + Math.random() * 80);
    }
  }

  private note(error: unknown): void {
    if (DomainError.is(error) && error.isRetryable) return;
    const code = DomainError.is(error) ? error.code : String(error);
    this.unexpected.set(code, (this.unexpected.get(code) ?? 0) + 1);
  }
}
