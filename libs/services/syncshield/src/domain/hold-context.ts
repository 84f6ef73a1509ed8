import { canonicalJson } from '@kiki/kernel';

/** Longest text attribute, characters. */
export const MAX_CONTEXT_TEXT = 128;
/** Most acquisitions one hold may pay for. */
export const MAX_ACQUISITIONS = 1_000_000;

/**
 * What a hold is for, as policies judge it. Stored with the hold as canonical JSON. No personal data: the customer is
 * a pseudonym of `SubjectKeys`.
 */
export interface HoldContext {
  /** e.g. `search`, `social`, `email`. */
  readonly channel?: string;
  /** ISO 3166-1 alpha-2 or ISO 3166-2, e.g. `DE`, `US-CA`. */
  readonly geo?: string;
  readonly campaignId?: string;
  /** Site, app or seller where the money goes. */
  readonly publisher?: string;
  /** Pseudonym of the customer. */
  readonly subject?: string;
  /** What is bid for one impression or action. */
  readonly bidMicros?: bigint;
  /** What SyncValue predicts the customer to be worth. */
  readonly predictedLtvMicros?: bigint;
  /** Acquisitions that the money pays for. */
  readonly acquisitions?: number;
}

/** Attributes that are text and may stand in lists and exemptions. */
export const LISTED_ATTRIBUTES = ['channel', 'geo', 'campaignId', 'publisher'] as const;
/** One of them. */
export type ListedAttribute = (typeof LISTED_ATTRIBUTES)[number];

const MONEY = new Set(['bidMicros', 'predictedLtvMicros']);

/** Canonical JSON of a context: what is stored and compared; undefined when nothing is said. */
export function contextToText(context: HoldContext | undefined): string | undefined {
  if (context === undefined) return undefined;
  const text = canonicalJson(context);
  return text === '{}' ? undefined : text;
}

/** A stored context. */
export function contextFromText(text: string): HoldContext {
  return JSON.parse(text, (key, value: unknown) =>
    MONEY.has(key) ? BigInt(value as number) : value,
  ) as HoldContext;
}

/** Whether two requests say the same of what they are for. */
export function isSameContext(a: HoldContext | undefined, b: HoldContext | undefined): boolean {
  if (a === b) return true;
  return contextToText(a) === contextToText(b);
}

/** Whether a place lies within a listed one: `US-CA` is within `US`. */
export function isWithinGeo(place: string, listed: string): boolean {
  return place === listed || place.startsWith(`${listed}-`);
}
