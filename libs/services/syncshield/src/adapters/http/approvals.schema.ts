import { pageOf, pageQuery, wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { plainText } from './shared.schema.js';

const State = z.enum(['pending', 'approved', 'rejected', 'expired', 'outdated']);

/** A change that waits, or waited, for a second key. */
export const ApprovalAnswer = z.object({
  approvalId: z.string(),
  action: z.string().meta({ description: 'What kind of change, e.g. raise_limit.' }),
  target: z.string().meta({ description: 'What is changed: a budget, a kill switch, the policy.' }),
  state: State,
  before: z.unknown().meta({ description: 'As it was when the change was asked for.' }),
  after: z.unknown().meta({ description: 'As it is asked to be.' }),
  requestedBy: z.string().meta({ description: 'The key, or the service, that asked.' }),
  requestedAt: wireInstant('When it was asked for.'),
  expiresAt: wireInstant('When it ends undecided.'),
  decidedBy: z.string().nullable(),
  decidedAt: wireInstant('When it was decided; null while it waits.').nullable(),
  decisionReason: z.string().nullable(),
});

/** Body of POST /v1/approvals/{id}/approve and …/reject. */
export const DecisionBody = z.strictObject({
  reason: plainText(200, 'Why; no personal data.').optional(),
});

/** Path of one approval. */
export const ApprovalPath = z.strictObject({ id: wireId('Id of the approval.') });

/** Query of GET /v1/approvals. */
export const ApprovalQuery = z.strictObject({ state: State.optional(), ...pageQuery() });

/** Answer of GET /v1/approvals. */
export const ApprovalPage = pageOf(ApprovalAnswer);
