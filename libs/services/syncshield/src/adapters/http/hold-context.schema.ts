import { wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_ACQUISITIONS, MAX_CONTEXT_TEXT, type HoldContext } from '../../domain/hold-context.js';

/** Text of an attribute: short, without white space and control characters. */
const attribute = (description: string) =>
  z
    .string()
    .min(1)
    .max(MAX_CONTEXT_TEXT)
    .regex(/^[^\s\p{Cc}\p{Cs}]+$/u, 'text without white space and control characters')
    .meta({ description });

/** A channel such as `search` or `paid_social`, as campaigns name it. */
export const Channel = attribute('Where the money is spent, as campaigns name it.');

/** ISO 3166: a country, or one of its subdivisions. */
export const Geo = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'an ISO 3166 code such as DE or US-CA')
  .meta({ description: 'ISO 3166-1 alpha-2 country or ISO 3166-2 subdivision.', examples: ['DE'] });

/** `context` of a hold: what policies judge. */
export const HoldContextBody = z
  .strictObject({
    channel: Channel.optional(),
    geo: Geo.optional(),
    campaignId: attribute('Campaign the money is for.').optional(),
    publisher: attribute('Site, app or seller where the money goes.').optional(),
    customerId: attribute('The customer; only a pseudonym of it is stored.').optional(),
    bidMicros: wireMicros({ description: 'What is bid for one impression or action.' }).optional(),
    predictedLtvMicros: wireMicros({
      description: 'What the customer is predicted to be worth.',
    }).optional(),
    acquisitions: z
      .int()
      .min(0)
      .max(MAX_ACQUISITIONS)
      .optional()
      .meta({ description: 'Acquisitions that the money pays for.' }),
  })
  .meta({ description: 'What the hold is for, as policies judge it; no personal data is stored.' });

/** A context as it arrives. */
export type HoldContextInput = z.infer<typeof HoldContextBody>;

/** A context as it is judged and stored. @param subject pseudonym of its `customerId` */
export function holdContext(
  { customerId, bidMicros, predictedLtvMicros, ...rest }: HoldContextInput,
  subject?: string,
): HoldContext {
  void customerId;
  return {
    ...defined(rest),
    ...(subject === undefined ? {} : { subject }),
    ...(bidMicros === undefined ? {} : { bidMicros: BigInt(bidMicros) }),
    ...(predictedLtvMicros === undefined ? {} : { predictedLtvMicros: BigInt(predictedLtvMicros) }),
  };
}

/** Without the members that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, of]) => of !== undefined)) as never;
}
