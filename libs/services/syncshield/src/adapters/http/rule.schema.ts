import { wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { LISTED_ATTRIBUTES, MAX_CONTEXT_TEXT } from '../../domain/hold-context.js';
import {
  MAX_CAC_MS,
  MAX_VELOCITY_MS,
  MIN_VELOCITY_MS,
} from '../../domain/policy/complete-policy.js';
import { DAYS, MAX_EXEMPTIONS, MAX_LISTED, MAX_RULES } from '../../domain/policy/rule.js';
import { HOUR_MS } from '../../domain/policy/spend-profile.js';
import { Channel, Geo } from './hold-context.schema.js';
import { durationMs, plainText } from './shared.schema.js';

const listed = z.string().min(1).max(MAX_CONTEXT_TEXT);
const whole = (range: { min: number; max: number }, description: string) =>
  z.int().min(range.min).max(range.max).meta({ description });

const Scope = z
  .strictObject({
    budgetId: wireId('A budget and everything below it.').optional(),
    channel: Channel.optional(),
  })
  .meta({ description: 'Which holds the rule judges; the whole tenant by default.' });

const Exemption = z
  .strictObject({
    reason: plainText(200, 'Why; no personal data.'),
    until: wireInstant('When it ends; never by default.').optional(),
    budgetId: wireId('A budget and everything below it.').optional(),
    channel: Channel.optional(),
    geo: Geo.optional(),
    campaignId: listed.optional(),
    publisher: listed.optional(),
  })
  .meta({ description: 'Holds that the rule lets pass: all that is said is true of them.' });

const base = {
  id: wireId('Unique within the policy; denials name it.'),
  scope: Scope.default({}),
  exemptions: z.array(Exemption).max(MAX_EXEMPTIONS).default([]),
};
const OnMissing = z
  .enum(['deny', 'pass'])
  .default('deny')
  .meta({ description: 'What becomes of a hold that does not say what the rule needs.' });

const LtvSanity = z.strictObject({
  ...{ ...base, kind: z.literal('ltv_sanity'), onMissing: OnMissing },
  currency: wireCurrency().optional(),
  minPredictedLtvMicros: wireMicros({ description: 'Floor of the predicted LTV.' }).optional(),
  maxPredictedLtvMicros: wireMicros({ description: 'Ceiling of it.' }).optional(),
  maxBidPercent: whole(
    { min: 1, max: 100_000 },
    'The bid is at most this share of the predicted LTV, percent.',
  ).optional(),
});

const MaxCac = z.strictObject({
  ...{ ...base, kind: z.literal('max_cac'), currency: wireCurrency() },
  limitMicros: wireMicros({ min: 1, description: 'Spent and held per acquisition.' }),
  windowMs: durationMs({ min: HOUR_MS, max: MAX_CAC_MS }, 'Window, counted in whole hours.'),
  minAcquisitions: whole(
    { min: 1, max: 1_000_000 },
    'Counts at least so many: what may be spent before the first are reported.',
  ).default(1),
});

const SpendVelocity = z.strictObject({
  ...{ ...base, kind: z.literal('spend_velocity') },
  windowMs: durationMs({ min: MIN_VELOCITY_MS, max: MAX_VELOCITY_MS }, 'Window.').default(5_000),
  factorPercent: whole(
    { min: 101, max: 100_000 },
    'How much faster than learned is too fast, percent.',
  ).default(300),
  slackLumps: whole(
    { min: 0, max: 10_000 },
    'Typical lumps of money that may come at once whatever the rate.',
  ).default(8),
  minMicros: wireMicros({ description: 'Nothing is vetoed below this in a window.' }).default(0),
  minHours: whole({ min: 1, max: 672 }, 'Hours it learns before it judges.').default(168),
});

const newValue = <K extends 'new_geo' | 'new_channel', V extends z.ZodType>(kind: K, value: V) =>
  z.strictObject({
    ...{ ...base, kind: z.literal(kind) },
    known: z.array(value).max(MAX_LISTED).meta({ description: 'Values that are not new.' }),
    trialMicros: wireMicros({ description: 'Approved for one new value in all.' }).default(0),
    currency: wireCurrency().optional(),
  });

const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a local time such as 22:30');
const QuietHours = z.strictObject({
  ...{ ...base, kind: z.literal('quiet_hours') },
  timeZone: z.string().max(64).meta({ description: 'IANA time zone.' }),
  from: Time.meta({ description: 'Local time.' }),
  to: Time.meta({ description: 'Local time, exclusive; not after `from` is the next day.' }),
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .max(7)
    .default([...DAYS])
    .meta({ description: 'Days on which it begins.' }),
});

const list = <K extends 'allow_list' | 'block_list'>(kind: K) =>
  z.strictObject({
    ...{ ...base, kind: z.literal(kind), attribute: z.enum(LISTED_ATTRIBUTES) },
    values: z.array(listed).max(MAX_LISTED),
  });

const ConsentRequired = z.strictObject({
  ...{ ...base, kind: z.literal('consent_required'), onMissing: OnMissing },
  purpose: wireId('Purpose that the customer has to have consented to.'),
});

/** A rule of a policy. */
export const RuleBody = z.discriminatedUnion('kind', [
  LtvSanity,
  MaxCac,
  SpendVelocity,
  QuietHours,
  ConsentRequired,
  newValue('new_geo', Geo),
  newValue('new_channel', Channel),
  list('allow_list'),
  list('block_list'),
]);

/** A policy: a hold has to pass every rule. */
export const PolicyBody = z.strictObject({ rules: z.array(RuleBody).max(MAX_RULES) });
