import { wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { SUBJECT_ACTIONS } from './execute-subject-request.js';

const Action = z.enum(SUBJECT_ACTIONS);

/** Body of POST /v1/privacy/requests/execute. */
export const SubjectRequestBody = z.strictObject({
  requestId: wireId('Id of the request at SyncShield; a repetition gets the first receipt.'),
  action: Action,
  customerIds: z
    .array(z.string().min(1).max(128))
    .max(1_000)
    .default([])
    .meta({ description: 'Whom it is about.' }),
  email: z.string().min(3).max(254).optional().meta({ description: 'The mailbox, if named.' }),
  changes: z
    .strictObject({
      email: z.string().min(3).max(254).optional(),
      traits: z.record(z.string(), z.unknown()).optional(),
    })
    .optional()
    .meta({ description: 'For `rectify`: the attributes as they should be.' }),
});

/** Answer of POST /v1/privacy/requests/execute. */
export const SubjectAnswerBody = z.object({
  receipt: z.object({
    service: z.string(),
    requestId: z.string(),
    action: Action,
    counts: z.record(z.string(), z.int()).meta({ description: 'Rows by store.' }),
    notes: z.array(z.string()),
    refusal: z
      .string()
      .optional()
      .meta({ description: 'Code of why it is refused for good; absent when it was done.' }),
    completedAt: wireInstant('When it was done, or refused.'),
    evidenceSha256: z.string(),
  }),
  parts: z
    .record(z.string(), z.array(z.unknown()))
    .optional()
    .meta({ description: 'For `access`: everything that is held, by store.' }),
  customerIds: z.array(z.string()).optional().meta({ description: 'For `locate`.' }),
  stores: z
    .array(
      z.object({
        store: z.string(),
        subjects: z.enum(['customers', 'operators', 'none']),
        categories: z.array(z.string()),
        purpose: z.string(),
        basis: z.enum(['contract', 'consent', 'legitimate interest', 'legal obligation']),
        retention: z.string(),
        onErase: z.enum(['deleted', 'pseudonymised', 'kept', 'expires']),
      }),
    )
    .optional()
    .meta({ description: "For `describe`: the service's part of the record of processing." }),
});
