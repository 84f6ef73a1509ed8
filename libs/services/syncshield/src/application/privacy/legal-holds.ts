/** A duty to keep what is held about a customer; it beats an erasure. */
export interface LegalHold {
  readonly id: string;
  /** What the duty comes from, e.g. the number of a case; no personal data. */
  readonly matter: string;
  readonly placedBy: string;
  readonly placedMs: number;
  readonly releasedBy?: string;
  readonly releasedMs?: number;
}

/** Legal holds of a tenant, each change with its audit record. */
export abstract class LegalHolds {
  /** The same id and body again changes nothing. @throws idempotency_conflict */
  abstract place(
    tenant: string,
    hold: { readonly id: string; readonly customerId: string; readonly matter: string },
    actor: string,
  ): Promise<LegalHold>;
  /** @throws legal_hold_not_found */
  abstract release(tenant: string, id: string, actor: string): Promise<LegalHold>;
  abstract list(
    tenant: string,
    page: { readonly limit: number; readonly after?: string },
  ): Promise<LegalHold[]>;
  /** Whether any of the customers is under an active hold. */
  abstract covers(tenant: string, customerIds: readonly string[]): Promise<boolean>;
}
