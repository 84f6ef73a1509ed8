/** May this be done to this customer now? */
export interface ConsentQuestion {
  /** Left out where nobody knows who it is: the region and the signal of the browser decide. */
  readonly customerId?: string;
  /** e.g. `marketing`, `advertising`. */
  readonly purpose: string;
  /** e.g. `email`. */
  readonly channel: string;
  readonly vendor?: string;
  /** ISO 3166-1 or 3166-2, e.g. `DE`, `US-CA`. */
  readonly region?: string;
  /** The browser says `Sec-GPC: 1`. */
  readonly isGpc?: boolean;
}

/** Why a question was answered so. */
export type ConsentReason =
  | 'granted'
  | 'no_objection'
  | 'no_consent'
  | 'withdrawn'
  | 'objected'
  | 'expired'
  | 'notice_outdated'
  | 'gpc'
  | 'unknown_purpose';

/** SyncShield's answer to one question. */
export interface ConsentAnswer {
  readonly isAllowed: boolean;
  readonly reason: ConsentReason;
  /** The record that decided, else `settings.` and the version of the tenant's settings. */
  readonly receiptId: string;
  /** The answer ends by itself then. */
  readonly until: Date | null;
  /** Pseudonym of the customer, as the feed names it. */
  readonly subject: string | null;
}

/** An answer and how long it is one. */
export interface TimedConsent extends ConsentAnswer {
  /**
   * Begin what was asked for before the monotonic clock shows this, milliseconds; ask again afterwards. A second after
   * the last instant at which the answer is known to have been true.
   */
  readonly actBeforeMs: number;
}

/** Answers of one call, as of one instant. */
export interface ConsentAnswers {
  readonly answers: readonly ConsentAnswer[];
  /** Changes up to here are in them. */
  readonly seq: number;
}

/** Somebody's word. */
export interface ConsentRecordInput {
  /** The same again changes nothing. */
  readonly id: string;
  readonly customerId: string;
  /** `*` only for a no. */
  readonly purpose: string;
  /** `*` is any. */
  readonly channel: string;
  /** Left out: the tenant itself for a yes, everybody for a no. */
  readonly vendor?: string;
  readonly action: 'granted' | 'withdrawn' | 'objected';
  /** Who took it down; no personal data. */
  readonly source: string;
  readonly noticeVersion?: string;
  readonly noticeSha256?: string;
  readonly proof?: ConsentProof;
  readonly region?: string;
  readonly at?: Date;
  readonly expiresAt?: Date;
}

/** What proves a word; kept encrypted. */
export interface ConsentProof {
  readonly kind: 'form' | 'tcf' | 'gpp' | 'gpc' | 'import' | 'other';
  readonly value: string;
}

/** What a browser or a consent platform says of a customer. */
export interface ConsentSignalInput {
  /** Up to 48 characters; the same again changes nothing. */
  readonly id: string;
  readonly customerId: string;
  readonly source: string;
  readonly region?: string;
  readonly at?: Date;
  readonly tcf?: string;
  readonly gpp?: string;
  readonly isGpc?: boolean;
  readonly vendors?: readonly number[];
}

/** Consent taken back; of everything by everybody on every channel unless it says less. */
export interface ConsentWithdrawal {
  readonly id?: string;
  readonly customerId: string;
  readonly purpose?: string;
  readonly channel?: string;
  readonly vendor?: string;
  readonly source: string;
  readonly proof?: ConsentProof;
  readonly region?: string;
}

/** What proves that a record was taken down. */
export interface ConsentReceipt {
  readonly receiptId: string;
  readonly seq: number;
  readonly auditSeq: number;
  readonly recordedAt: Date;
  readonly isReplay: boolean;
}

/** Changes after a place. */
export interface ConsentChangePage {
  readonly items: readonly {
    readonly seq: number;
    readonly kind: 'record' | 'settings';
    readonly receiptId: string | null;
    readonly subject: string | null;
    readonly purpose: string | null;
    readonly channel: string | null;
    readonly vendor: string | null;
    readonly action: 'granted' | 'withdrawn' | 'objected' | null;
  }[];
  /** Where to go on. */
  readonly next: number;
  readonly isComplete: boolean;
  readonly waitedMs: number;
}
