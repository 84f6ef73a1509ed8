import { wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';

/** One notice of an exchange. */
export const OutcomeBody = z
  .strictObject({
    id: wireId('The id of the notice; a repeated id changes nothing.'),
    campaignId: wireId('Id of the campaign.'),
    opportunityId: wireId('Id of the opportunity.'),
    kind: z.enum(['won', 'lost', 'billed', 'converted']).meta({
      description: '`won` is not spend; `billed` captures the held money, `lost` gives it back.',
    }),
    priceMicros: wireMicros({
      description: 'Clearing price in micros; `won` and `billed` need this or `price`.',
    }).optional(),
    price: z
      .string()
      .regex(/^\d{1,12}(\.\d{1,18})?$/, 'a decimal with at most 18 decimals')
      .optional()
      .meta({
        description:
          'Clearing price in units of the currency with any decimals, e.g. `0.004217388`; rounded up once.',
      }),
    currency: wireCurrency().optional(),
    at: wireInstant('When it happened at the exchange.'),
  })
  .refine((notice) => !isPriced(notice.kind) || notice.currency !== undefined, {
    path: ['currency'],
    error: 'the currency, for won and billed',
  })
  .refine(
    ({ kind, priceMicros, price }) => {
      const given = [priceMicros, price].filter((one) => one !== undefined).length;
      return isPriced(kind) ? given === 1 : given <= 1;
    },
    { path: ['priceMicros'], error: 'exactly one of priceMicros and price, for won and billed' },
  );

function isPriced(kind: string): boolean {
  return kind === 'won' || kind === 'billed';
}

/** Body of POST /v1/outcomes. */
export const OutcomesBody = z.strictObject({
  outcomes: z.array(OutcomeBody).min(1).max(1000),
});

/** Answer of POST /v1/outcomes: one receipt per notice, in order. */
export const OutcomesAnswer = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      status: z
        .enum(['recorded', 'duplicate', 'unknown_opportunity', 'currency_mismatch', 'conflict'])
        .meta({ description: 'conflict: the id was used before for another notice.' }),
    }),
  ),
});
