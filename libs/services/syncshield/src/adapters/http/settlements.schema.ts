import { wireId, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_BATCH } from '../../application/ledger.js';
import { HoldAnswer } from './holds.schema.js';
import { batchOf, ItemError, plainText } from './shared.schema.js';

const settlementId = plainText(
  160,
  'Your id of the settlement, unique per hold: repeating it returns the first answer.',
);
const amountMicros = wireMicros({
  description: 'What was really spent; what is not spent of the hold yet when left out.',
}).optional();
const isFinal = z
  .boolean()
  .default(true)
  .meta({ description: 'Whether the rest of the hold is free then; false: more may follow.' });

/** Body of POST /v1/holds/{id}/capture. */
export const CaptureBody = z.strictObject({ settlementId, amountMicros, isFinal });

/** Body of POST /v1/holds/{id}/refund. */
export const RefundBody = z.strictObject({
  settlementId,
  amountMicros: wireMicros({
    min: 1,
    description: 'What came back, at most what was spent; all of it when left out.',
  }).optional(),
});

/** Body of POST /v1/holds/{id}/void. */
export const VoidBody = z.strictObject({ settlementId });

/** One settlement of a batch. */
export const SettlementBody = z
  .strictObject({
    settlementId,
    holdId: wireId('Id of the hold.'),
    action: z.enum(['capture', 'void', 'refund']),
    amountMicros,
    isFinal: z.boolean().optional().meta({
      description: 'Of a capture, true by default: whether the rest of the hold is free then.',
    }),
  })
  .refine(({ action, amountMicros: amount }) => action !== 'void' || amount === undefined, {
    path: ['amountMicros'],
    error: 'nothing: a void has no amount',
  })
  .refine(({ action, isFinal: final }) => action === 'capture' || final === undefined, {
    path: ['isFinal'],
    error: 'nothing: only a capture may leave the rest held',
  });

/** Body of POST /v1/settlements/batch. */
export const SettlementsBody = z.strictObject({
  settlements: batchOf(SettlementBody, MAX_BATCH),
});

/** What became of a settlement. */
export const SettlementAnswer = z.object({
  settlementId: z.string(),
  outcome: z.enum(['captured', 'voided', 'late_spend', 'refunded', 'already_settled']),
  capturedMicros: wireMicros({ description: 'Taken from the hold by this settlement.' }),
  lateMicros: wireMicros({ description: 'Recorded although the hold did not cover it.' }),
  refundedMicros: wireMicros({ description: 'Came back by this settlement.' }),
  hold: HoldAnswer.meta({ description: 'The hold as it stood right after.' }),
});

/** Answer of POST /v1/settlements/batch: one result per settlement, in order. */
export const SettlementsAnswer = z.object({
  results: z.array(
    z.object({ settlement: SettlementAnswer.optional(), error: ItemError.optional() }),
  ),
});
