import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_BATCH } from '../../application/ledger.js';
import { DenialAnswer } from './holds.schema.js';
import { batchOf, HoldReasonText, ItemError } from './shared.schema.js';

const spentMicros = wireMicros({ description: 'What was spent of the lease so far, in all.' });

/** Body of POST /v1/leases. */
export const LeaseBody = z
  .strictObject({
    id: wireId('Your id of the lease, unique per tenant: repeating it returns the first answer.'),
    nodeId: wireId('Who spends it; the same at every start of a node.'),
    budgetId: wireId('The budget; every budget above it is asked too.'),
    epoch: z.int().min(1).meta({
      description: 'Grows with every start of the node; an older one gets no more slices.',
    }),
    askMicros: wireMicros({ min: 1, description: 'The most that is of use; less may be granted.' }),
    atLeastMicros: wireMicros({ min: 1, description: 'The least that is of use.' }).default(1),
  })
  .refine(({ askMicros, atLeastMicros }) => askMicros < 1 || atLeastMicros <= askMicros, {
    path: ['atLeastMicros'],
    error: 'at most askMicros',
  });

/** Why there is a slice or none. */
export const LeaseReasonText = z.enum([...HoldReasonText.options, 'use_holds', 'epoch_stale']);

/** Answer of POST /v1/leases. */
export const LeaseDecisionAnswer = z.object({
  id: z.string(),
  decision: z.enum(['granted', 'refused']),
  reason: LeaseReasonText.meta({
    description:
      'use_holds: the budget is nearly used up or counts actions, place a hold for each spend. ' +
      'epoch_stale: a later start of the node is known.',
  }),
  grantedMicros: wireMicros({ description: 'The slice; 0 when refused.' }),
  unreportedMicros: wireMicros({
    description:
      'The node may be at most this far ahead of what was acknowledged: what is booked of a silent node.',
  }),
  ttlMs: z.int().meta({ description: 'To be spent within, from before the request was sent.' }),
  graceMs: z.int().meta({ description: 'How much longer reports are waited for.' }),
  epoch: z.int().meta({ description: 'The latest known epoch of the node.' }),
  denial: DenialAnswer.nullable(),
});

/** Body of POST /v1/leases/{id}/report and /release. */
export const SpentBody = z.strictObject({ spentMicros });

/** Body of POST /v1/leases/reports. */
export const ReportsBody = z.strictObject({
  reports: batchOf(
    z.strictObject({
      leaseId: wireId('Id of the lease.'),
      spentMicros,
      isFinal: z
        .boolean()
        .default(false)
        .meta({ description: 'Nothing more will be spent: the rest is free.' }),
    }),
    MAX_BATCH,
  ),
});

/** What became of a report. */
export const LeaseReceiptAnswer = z.object({
  leaseId: z.string(),
  isOpen: z.boolean().meta({ description: 'False: spend no more and send the final report.' }),
  bookedMicros: wireMicros({ description: 'What the ledger counts as spent of it.' }),
  lateMicros: wireMicros({ description: 'Of that, spent although the lease did not cover it.' }),
});

/** Answer of POST /v1/leases/reports: one result per report, in order. */
export const ReportsAnswer = z.object({
  results: z.array(
    z.object({ receipt: LeaseReceiptAnswer.optional(), error: ItemError.optional() }),
  ),
});

/** A lease as it stands. */
export const LeaseAnswer = z.object({
  id: z.string(),
  budgetId: z.string(),
  nodeId: z.string(),
  epoch: z.int(),
  sliceNo: z.int().meta({ description: 'Counts the slices of the node on the budget.' }),
  state: z.enum(['deciding', 'open', 'revoked', 'released', 'expired', 'denied', 'lost']),
  currency: wireCurrency(),
  askedMicros: wireMicros(),
  grantedMicros: wireMicros(),
  bookedMicros: wireMicros({ description: 'What the ledger counts as spent of it.' }),
  presumedMicros: wireMicros({
    description: 'Booked when the node fell silent; its last report corrects it.',
  }),
  heldMicros: wireMicros({ description: 'Still kept from others.' }),
  askedAt: wireInstant('When it was asked for.'),
  expiresAt: wireInstant('Until when it may be spent; null when denied.').nullable(),
  closesAt: wireInstant('Until when reports are waited for; null when denied.').nullable(),
});

/** Path of one lease. */
export const LeasePath = z.strictObject({ id: wireId('Id of the lease.') });

/** Query of GET /v1/leases. */
export const LeaseQuery = z.strictObject({
  budgetId: wireId('Only of this budget.').optional(),
  nodeId: wireId('Only of this node.').optional(),
  state: z.enum(['open', 'closed']).optional(),
  ...pageQuery({ max: 1000, default: 100 }),
});

/** Answer of GET /v1/leases. */
export const LeasePage = pageOf(LeaseAnswer);
