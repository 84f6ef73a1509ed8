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
  /** The oldest words of a tenant. */
  abstract words(tenant: string, limit: number): Promise<ConsentWord[]>;
  abstract signals(tenant: string, limit: number): Promise<PrivacySignal[]>;
  /** Outcomes in the order of the words. */
  abstract finishWords(
    tenant: string,
    words: readonly ConsentWord[],
    outcomes: readonly ForwardOutcome[],
    at: Date,
  ): Promise<void>;
  abstract finishSignals(
    tenant: string,
    signals: readonly PrivacySignal[],
    outcomes: readonly ForwardOutcome[],
    at: Date,
  ): Promise<void>;
}

/** Where they go: SyncShield, which counts an id once. */
export abstract class ConsentSink {
  /** One outcome per word, in order. @throws unavailable: nothing is known of any */
  abstract words(tenant: string, words: readonly ConsentWord[]): Promise<ForwardOutcome[]>;
  /** One outcome per signal, in order. @throws unavailable: nothing is known of any */
  abstract signals(tenant: string, signals: readonly PrivacySignal[]): Promise<ForwardOutcome[]>;
}
