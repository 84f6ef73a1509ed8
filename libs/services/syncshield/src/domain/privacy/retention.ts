/** What is kept for a time. */
export const RETENTION_CATEGORIES = [
  'hold_texts',
  'leases',
  'privacy_exports',
  'privacy_requests',
  'legal_holds',
] as const;
export type RetentionCategory = (typeof RETENTION_CATEGORIES)[number];

/** A category, what goes after its time, and whether a legal hold of the tenant stops that. */
export interface RetentionDefault {
  readonly category: RetentionCategory;
  readonly keepDays: number;
  readonly what: string;
  readonly isStoppedByLegalHold: boolean;
}

/** Long rather than short: an operator shortens what the business allows. */
export const RETENTION_DEFAULTS: readonly RetentionDefault[] = [
  {
    category: 'hold_texts',
    keepDays: 400,
    what: 'purpose, reference and context of settled holds; amounts and decisions stay',
    isStoppedByLegalHold: true,
  },
  {
    category: 'leases',
    keepDays: 400,
    what: 'closed leases: which node asked for what; the hold of each, and what was booked, stay',
    isStoppedByLegalHold: false,
  },
  {
    category: 'privacy_exports',
    keepDays: 30,
    what: 'exports of access requests, and the keys that open them',
    isStoppedByLegalHold: false,
  },
  {
    category: 'privacy_requests',
    keepDays: 760,
    what: 'ended requests of data subjects with their receipts (CCPA: at least 24 months)',
    isStoppedByLegalHold: false,
  },
  {
    category: 'legal_holds',
    keepDays: 1_095,
    what: 'released legal holds',
    isStoppedByLegalHold: false,
  },
];

/** A rule in force. */
export interface RetentionRule extends RetentionDefault {
  /** Who changed it; undefined while it is the default. */
  readonly changedBy?: string;
  readonly changedMs?: number;
}

/** What a sweep of one category did, or would do. */
export interface RetentionResult {
  readonly category: RetentionCategory;
  readonly keepDays: number;
  readonly cutoffMs: number;
  readonly rows: number;
  /** A legal hold of the tenant stopped it. */
  readonly isHeld: boolean;
}

const DAY_MS = 86_400_000;

/** What happened before it goes. */
export function cutoffMs(keepDays: number, nowMs: number): number {
  return Math.floor(nowMs) - keepDays * DAY_MS;
}
