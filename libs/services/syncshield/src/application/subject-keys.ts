/** What is left of a subject's key after an erasure; no personal data. */
export interface Tombstone {
  /** Random id of the destroyed key. */
  readonly keyId: string;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly erasedMs: number;
}

/** How long a process believes the keys that it remembers without asking whether one was destroyed, milliseconds. */
export const BELIEVED_MS = 1_000;

/**
 * A random key per data subject, kept apart from the ledger and its backups. What the ledger and the audit log say of
 * a person is a pseudonym under that key, or sealed by it; destroying the key is the erasure of both.
 */
export abstract class SubjectKeys {
  /**
   * The subject's pseudonym: `sub_` and 43 characters of base64url, HMAC-SHA256(key of the subject, customerId). Makes
   * the key at first use; cached, and never more than a second older than an erasure by another process.
   * @throws keystore_key_mismatch, unavailable
   */
  abstract pseudonym(tenant: string, customerId: string): Promise<string>;

  /** Pseudonyms of many subjects in one round trip, by customer id. @throws as {@link pseudonym} */
  abstract pseudonyms(
    tenant: string,
    customerIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;

  /** The pseudonym of a subject that has a key already; makes none. @throws unavailable */
  abstract find(tenant: string, customerId: string): Promise<string | undefined>;

  /** Encrypts details (UTF-8) under the subject's key: `v1.<key id>.<base64url>`. @throws as {@link pseudonym} */
  abstract seal(tenant: string, customerId: string, details: string): Promise<string>;

  /**
   * Decrypts what {@link seal} made; undefined when the key was destroyed.
   * @throws sealed_details_invalid when the text was altered or belongs to another tenant
   */
  abstract open(tenant: string, sealed: string): Promise<string | undefined>;

  /**
   * Destroys the subject's key for ever and leaves a tombstone; undefined when there is no key. The same customer id is
   * a new subject afterwards.
   */
  abstract erase(
    tenant: string,
    customerId: string,
    requestId: string,
  ): Promise<Tombstone | undefined>;

  /**
   * HMAC of an identifier under the tenant's pepper, base64url, for lists that must recognise a subject without naming
   * it (suppression, legal holds, requests by subject). It outlives the erasure of the subject's key.
   */
  abstract digest(tenant: string, kind: string, value: string): Promise<string>;
}
