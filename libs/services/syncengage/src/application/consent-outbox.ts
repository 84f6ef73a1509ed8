/** Somebody's word about mail that SyncShield does not know of yet. */
export interface ConsentWord {
  /** Its row of `consent_changes`. */
  readonly id: string;
  readonly customerId: string;
  readonly status: 'subscribed' | 'unsubscribed';
  readonly source: string;
  readonly proof?: string;
  readonly at: Date;
}

/** A customer whose browser said `Sec-GPC: 1`, on a day (UTC). */
export interface PrivacySignal {
  readonly customerId: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly at: Date;
}

/** What became of one of them at SyncShield; the code of the refusal, undefined when it was taken. */
export type ForwardOutcome = string | undefined;

/** What people said here and SyncShield's consent registry has not taken yet. */
export abstract class ConsentOutbox {
  /** Tenants with something to tell. */
  abstract tenants(): Promise<string[]>;
  /**
   * Sends the oldest words of a tenant and writes down what became of them; outcomes in their order. Their rows are
   * locked until then: an erasure waits for what is on its way, so that nothing arrives at SyncShield after it.
   * @throws what `send` throws: all of them wait on
   */
  abstract forwardWords(
    tenant: string,
    limit: number,
    send: (words: readonly ConsentWord[]) => Promise<ForwardOutcome[]>,
  ): Promise<readonly ForwardOutcome[]>;
  /** As {@link forwardWords}. */
  abstract forwardSignals(
    tenant: string,
    limit: number,
    send: (signals: readonly PrivacySignal[]) => Promise<ForwardOutcome[]>,
  ): Promise<readonly ForwardOutcome[]>;
}

/** Where they go: SyncShield, which counts an id once. */
export abstract class ConsentSink {
  /** One outcome per word, in order. @throws unavailable: nothing is known of any */
  abstract words(tenant: string, words: readonly ConsentWord[]): Promise<ForwardOutcome[]>;
  /** One outcome per signal, in order. @throws unavailable: nothing is known of any */
  abstract signals(tenant: string, signals: readonly PrivacySignal[]): Promise<ForwardOutcome[]>;
}
