/** Whether a customer wants mail; `unknown` never said. */
export const SUBSCRIPTIONS = ['unknown', 'subscribed', 'unsubscribed'] as const;

/** One of {@link SUBSCRIPTIONS}. */
export type Subscription = (typeof SUBSCRIPTIONS)[number];

/** At most `maxMessages` to one customer within any `windowMs`, over all journeys. */
export interface FrequencyCap {
  readonly maxMessages: number;
  readonly windowMs: number;
}

/** What a decision about one customer is made from. */
export interface Contactability {
  readonly hasAddress: boolean;
  readonly subscription: Subscription;
}

/** Why SyncShield's consent registry speaks against a message. */
const CONSENT_REASONS = [
  'consent_missing',
  'consent_withdrawn',
  'consent_objected',
  'consent_expired',
  'consent_refused',
] as const;
type ConsentReason = (typeof CONSENT_REASONS)[number];

/** Our reason for one of SyncShield's. */
export function consentReason(reason: string): ConsentReason {
  if (reason === 'no_consent') return 'consent_missing';
  return CONSENT_REASONS.find((of) => of === `consent_${reason}`) ?? 'consent_refused';
}

/** Why a customer at risk gets no message. */
export type SuppressionReason =
  | 'no_address'
  | 'unsubscribed'
  | 'not_subscribed'
  | 'duplicate_address'
  | 'frequency_cap'
  | 'left_segment'
  | 'journey_paused'
  | 'dry_run'
  | 'budget_denied'
  | 'budget_paused'
  | 'budget_not_found'
  | 'budget_refused'
  | 'mail_refused'
  | ConsentReason
  | 'erased';

/** Why a customer may not be written to at all; undefined when they may. */
export function contactReason(
  customer: Contactability,
  isOptInRequired: boolean,
): SuppressionReason | undefined {
  if (customer.subscription === 'unsubscribed') return 'unsubscribed';
  if (isOptInRequired && customer.subscription !== 'subscribed') return 'not_subscribed';
  return customer.hasAddress ? undefined : 'no_address';
}

/** What a message is planned by. */
export interface PlanRules {
  readonly isOptInRequired: boolean;
  readonly cap: FrequencyCap;
  /** Whether the channel may really send. */
  readonly isLive: boolean;
  /** Whether the journey goes on. */
  readonly isActive: boolean;
}

/**
 * Why a message is not planned; undefined when it is.
 * @param recentMessages messages to the customer within the cap's window, planned ones included
 */
export function planReason(
  customer: Contactability & {
    readonly recentMessages: number;
    readonly isInSegment: boolean;
    /** Another customer with the address is in the journey already. */
    readonly isAddressTaken: boolean;
  },
  rules: PlanRules,
): SuppressionReason | undefined {
  const reason = contactReason(customer, rules.isOptInRequired);
  if (reason !== undefined) return reason;
  if (!rules.isActive) return 'journey_paused';
  // Assigned by an earlier run, and a customer again since.
  if (!customer.isInSegment) return 'left_segment';
  if (customer.isAddressTaken) return 'duplicate_address';
  if (customer.recentMessages >= rules.cap.maxMessages) return 'frequency_cap';
  return rules.isLive ? undefined : 'dry_run';
}
