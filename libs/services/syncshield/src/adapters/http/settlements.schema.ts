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
  description: 'What was really spent; the whole hold when left out.',
}).optional();

/** Body of POST /v1/holds/{id}/capture. */
export const CaptureBody = z.strictObject({ settlementId, amountMicros });

/** Body of POST /v1/holds/{id}/void. */
export const VoidBody = z.strictObject({ settlementId });

/** One settlement of a batch. */
export const SettlementBody = z
  .strictObject({
    settlementId,
    holdId: wireId('Id of the hold.'),
    action: z.enum(['capture', 'void']),
    amountMicros,
  })
  .refine(({ action, amountMicros: amount }) => action === 'capture' || amount === undefined, {
    path: ['amountMicros'],
    error: 'nothing: a void has no amount',
  });

/** Body of POST /v1/settlements/batch. */
export const SettlementsBody = z.strictObject({
  settlements: batchOf(SettlementBody, MAX_BATCH),
});

/** What became of a settlement. */
export const SettlementAnswer = z.object({
  settlementId: z.string(),
  outcome: z.enum(['captured', 'voided', 'late_spend', 'already_settled']),
  capturedMicros: wireMicros({ description: 'Taken from the hold by this settlement.' }),
  lateMicros: wireMicros({ description: 'Recorded although the hold did not cover it.' }),
  hold: HoldAnswer.meta({ description: 'The hold as it stood right after.' }),
});

/** Answer of POST /v1/settlements/batch: one result per settlement, in order. */
export const SettlementsAnswer = z.object({
  results: z.array(
    z.object({ settlement: SettlementAnswer.optional(), error: ItemError.optional() }),
  ),
});
