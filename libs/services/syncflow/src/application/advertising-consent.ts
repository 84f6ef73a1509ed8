/** Whom an advertisement would be shown to, as far as it is known. */
export interface AdvertisingAsk {
  readonly customerId?: string;
  readonly channel: string;
  /** ISO 3166, where the opportunity says it. */
  readonly region?: string;
  /** The browser says `Sec-GPC: 1`. */
  readonly isGpc?: boolean;
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

/** Who says whether somebody may be advertised to: SyncShield. No answer means no bid. */
export abstract class AdvertisingConsent {
  /** One verdict per ask, in order. @throws unavailable, deadline_exceeded */
  abstract ask(tenant: string, asks: readonly AdvertisingAsk[]): Promise<ConsentVerdict[]>;
}
