/** Whom a mail is for. */
export interface Recipient {
  readonly customerId: string;
  /** ISO 3166, where the profile says it. */
  readonly region?: string;
}

/** What SyncShield's consent registry says. */
export interface ConsentVerdict {
  readonly isAllowed: boolean;
  /** SyncShield's reason, e.g. `granted`, `withdrawn`. */
  readonly reason: string;
  /** What proves the answer. */
  readonly receiptId: string;
  /** Begin before the monotonic clock shows this, milliseconds; ask again afterwards. */
  readonly actBeforeMs: number;
}

/** Who says whether a customer may be written to: SyncShield. No answer means no message. */
export abstract class MarketingConsent {
  /** One verdict per recipient, in order. @throws unavailable, deadline_exceeded */
  abstract ask(tenant: string, recipients: readonly Recipient[]): Promise<ConsentVerdict[]>;
}
