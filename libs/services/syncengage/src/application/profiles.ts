import type { Subscription } from '../domain/suppression.js';

/** A customer as SyncEngage knows them. */
export interface Profile {
  readonly customerId: string;
  readonly email?: string;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly subscription: Subscription;
  readonly subscriptionAt?: Date;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly segment?: {
    readonly name: string;
    readonly aliveProbability?: number;
    readonly reason?: string;
    readonly modelVersion?: string;
    readonly evaluatedAt: Date;
  };
}

/** Somebody's word about mail. */
export interface SubscriptionChange {
  readonly tenant: string;
  readonly customerId: string;
  readonly status: 'subscribed' | 'unsubscribed';
  /** How we know: `link`, `api`, `traits`. */
  readonly source: string;
  /** What proves it, e.g. the id of the message whose link was used. */
  readonly proof?: string;
  readonly at: Date;
}

/** The customers of a tenant. */
export abstract class Profiles {
  abstract find(tenant: string, customerId: string): Promise<Profile | undefined>;
  /**
   * Writes consent and its ledger row in one transaction; false when it was so already, which
   * writes nothing. Once it returns, no message to the customer begins against their word.
   * @throws profile_not_found
   */
  abstract changeSubscription(change: SubscriptionChange): Promise<boolean>;
  /** Ids in order after `afterId`. */
  abstract idsAfter(tenant: string, afterId: string, limit: number): Promise<string[]>;
}
