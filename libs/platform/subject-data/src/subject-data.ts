import type { Queryable } from '@kiki/postgres';

/** Whom a request is about, within one tenant. */
export interface Subject {
  readonly tenant: string;
  /** Id of the request, unique per tenant. */
  readonly requestId: string;
  readonly customerIds: readonly string[];
  /** The mailbox, where the request names one. */
  readonly email?: string;
}

/** Rows that were changed, by store, e.g. `{ 'syncflow.decisions': 3 }`. */
export type SubjectCounts = Readonly<Record<string, number>>;

/** Everything that is held about a subject, by store; rows as JSON. */
export type SubjectParts = Readonly<Record<string, readonly unknown[]>>;

/** Attributes to correct, as the service's own wire names them. */
export interface SubjectChanges {
  readonly email?: string | undefined;
  readonly traits?: Readonly<Record<string, unknown>> | undefined;
}

/** One entry of the record of processing (GDPR Art. 30): what is kept, why, for how long, and how it is erased. */
export interface DataStore {
  /** `schema.table`, or `queue:<name>`, `memory:<name>`, `objects:<prefix>`. */
  readonly store: string;
  readonly subjects: 'customers' | 'operators' | 'none';
  /** Kinds of data, e.g. `customer id`, `orders`. */
  readonly categories: readonly string[];
  readonly purpose: string;
  readonly basis: 'contract' | 'consent' | 'legitimate interest' | 'legal obligation';
  readonly retention: string;
  readonly onErase: 'deleted' | 'pseudonymised' | 'kept' | 'expires';
}

/**
 * What a service does for one data subject. `access`, `erase`, `rectify` and `optOut` run in one transaction and may
 * run again after a crash; what lies outside the database belongs into `prepare` (before) and `forget` (after).
 */
export abstract class SubjectData {
  /** The service's part of the data map. */
  abstract readonly stores: readonly DataStore[];

  /** Everything that is held about the subject. */
  abstract access(tx: Queryable, subject: Subject): Promise<SubjectParts>;

  /** Deletes the subject's data or irreversibly replaces what names them. */
  abstract erase(tx: Queryable, subject: Subject): Promise<SubjectCounts>;

  /**
   * Corrects attributes where the service holds them.
   * @throws an error of the kind `invalid` to refuse it for good: its code goes into the receipt
   */
  rectify(_tx: Queryable, _subject: Subject, _changes: SubjectChanges): Promise<SubjectCounts> {
    return Promise.resolve({});
  }

  /** Stops processing for the subject. */
  optOut(_tx: Queryable, _subject: Subject): Promise<SubjectCounts> {
    return Promise.resolve({});
  }

  /** Customers of a mailbox; only where addresses are held. */
  locate(_tenant: string, _email: string): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /**
   * Takes the subject out of queues before an erasure.
   * @throws unavailable while a running job works on the subject: ask again
   */
  prepare(_subject: Subject): Promise<SubjectCounts> {
    return Promise.resolve({});
  }

  /** Drops what memory, caches and keys still know, after the commit of an erasure. */
  forget(_subject: Subject): Promise<void> {
    return Promise.resolve();
  }
}
