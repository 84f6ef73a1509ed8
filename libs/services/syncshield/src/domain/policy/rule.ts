import { canonicalJson } from '@kiki/kernel';
import type { ListedAttribute } from '../hold-context.js';

/** Most rules of a policy. */
export const MAX_RULES = 100;
/** Most values of a list. */
export const MAX_LISTED = 1_000;
/** Most exemptions of a rule. */
export const MAX_EXEMPTIONS = 50;

/** Which holds a rule judges; what is left out is not asked. */
export interface Scope {
  /** A budget and everything below it. */
  readonly budgetId?: string;
  readonly channel?: string;
}

/** Holds that a rule lets pass: all that is said here is true of them. The way of an appeal. */
export interface Exemption {
  /** For people; no personal data. */
  readonly reason: string;
  /** Until when, ms since the epoch; undefined for good. */
  readonly untilMs?: number;
  readonly budgetId?: string;
  readonly channel?: string;
  readonly geo?: string;
  readonly campaignId?: string;
  readonly publisher?: string;
}

interface RuleBase {
  /** Unique within the policy; a denial names it. */
  readonly id: string;
  readonly scope: Scope;
  readonly exemptions: readonly Exemption[];
}

/** What becomes of a hold that does not say what a rule needs. */
export type OnMissing = 'deny' | 'pass';

/** The predicted LTV lies within bounds, and the bid is at most k times it. */
export interface LtvSanityRule extends RuleBase {
  readonly kind: 'ltv_sanity';
  /** Of the bounds; holds of another currency are not judged by them. */
  readonly currency?: string;
  readonly minPredictedLtvMicros?: bigint;
  readonly maxPredictedLtvMicros?: bigint;
  /** k, in percent: 100 lets a bid be the predicted LTV. */
  readonly maxBidPercent?: number;
  readonly onMissing: OnMissing;
}

/** Spent and held in a window, per acquisition in it. */
export interface MaxCacRule extends RuleBase {
  readonly kind: 'max_cac';
  readonly currency: string;
  readonly limitMicros: bigint;
  readonly windowMs: number;
  /** Counts at least so many: what may be spent before the first ones are reported. */
  readonly minAcquisitions: number;
}

/** Spending is not far faster than learned for this hour of the week. */
export interface SpendVelocityRule extends RuleBase {
  readonly kind: 'spend_velocity';
  readonly windowMs: number;
  /** How much faster than learned is too fast, percent. */
  readonly factorPercent: number;
  /** Lumps of the profile that may come at once whatever the rate. */
  readonly slackLumps: number;
  /** Nothing is vetoed below this much in the window. */
  readonly minMicros: bigint;
  /** Hours of history that it learns from before it judges. */
  readonly minHours: number;
}

/** A geo or channel that is not known yet is denied, or gets a trial amount. */
export interface NewValueRule extends RuleBase {
  readonly kind: 'new_geo' | 'new_channel';
  readonly known: readonly string[];
  /** Approved for one new value in all, then denied. */
  readonly trialMicros: bigint;
  /** Of the trial amount; a trial in another currency is denied. */
  readonly currency?: string;
}

/** Days as the rule names them, Monday first. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** No spending between two local times. */
export interface QuietHoursRule extends RuleBase {
  readonly kind: 'quiet_hours';
  readonly timeZone: string;
  /** Minutes after local midnight, 0..1439. */
  readonly fromMinute: number;
  /** Exclusive, 1..1440; not after `fromMinute` means the next day. */
  readonly toMinute: number;
  /** Days on which it begins. */
  readonly days: readonly Day[];
}

/** Only listed values, or none of them. */
export interface ListRule extends RuleBase {
  readonly kind: 'allow_list' | 'block_list';
  readonly attribute: ListedAttribute;
  readonly values: readonly string[];
}

/** The customer has consented. */
export interface ConsentRequiredRule extends RuleBase {
  readonly kind: 'consent_required';
  readonly purpose: string;
  readonly onMissing: OnMissing;
}

/** A rule of a policy. */
export type Rule =
  | LtvSanityRule
  | MaxCacRule
  | SpendVelocityRule
  | NewValueRule
  | QuietHoursRule
  | ListRule
  | ConsentRequiredRule;
export type RuleKind = Rule['kind'];

/** Rules of a tenant; one that denies decides, in this order. */
export interface Policy {
  readonly rules: readonly Rule[];
}

const MONEY = new Set([
  'minPredictedLtvMicros',
  'maxPredictedLtvMicros',
  'limitMicros',
  'minMicros',
  'trialMicros',
]);

/** Canonical JSON of a policy: what is stored and compared. */
export function policyToText(policy: Policy): string {
  return canonicalJson(policy);
}

/** A stored policy. */
export function policyFromText(text: string): Policy {
  return JSON.parse(text, (key, value: unknown) =>
    MONEY.has(key) ? BigInt(value as number) : value,
  ) as Policy;
}

/** The budget on which a rule of amounts counts: its scope's, else the one that is asked. */
export function measuredAt<T extends { readonly id: string }>(
  { scope }: Rule,
  path: readonly T[],
): T | undefined {
  return scope.budgetId === undefined ? path[0] : path.find(({ id }) => id === scope.budgetId);
}
