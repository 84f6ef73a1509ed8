import type { JourneyCustomer } from '../../application/journeys.js';
import type { TargetSegment } from '../../domain/churn.js';
import type { Arm } from '../../domain/holdout.js';
import type { Journey, JourneyRun, RunState } from '../../domain/journey.js';
import { holdIdOf } from '../../domain/message.js';

export interface JourneyRow extends Record<string, unknown> {
  tenant: string;
  id: string;
  name: string;
  segment: TargetSegment;
  offer: string;
  budget_id: string;
  currency: string;
  cost_micros: bigint;
  holdout_share: number;
  salt: string;
  subject: string;
  body: string;
  is_active: boolean;
  created_at: Date;
}

export interface RunRow extends Record<string, unknown> {
  tenant: string;
  id: string;
  journey_id: string;
  state: RunState;
  reason: string | null;
  total: number;
  processed: number;
  requested_at: Date;
  finished_at: Date | null;
}

export interface CustomerRow extends Record<string, unknown> {
  customer_id: string;
  arm: Arm;
  outcome: JourneyCustomer['outcome'];
  reason: string | null;
  alive_probability: number;
  model_version: string;
  assigned_at: Date;
  decided_at: Date | null;
  message_id: string | null;
  message_state: string | null;
  message_reason: string | null;
  hold_attempt: number | null;
  hold_state: string | null;
  consent_receipt: string | null;
}

export function toJourney(row: JourneyRow): Journey {
  return {
    tenant: row.tenant,
    id: row.id,
    name: row.name,
    segment: row.segment,
    offer: row.offer,
    budgetId: row.budget_id,
    currency: row.currency,
    costMicros: row.cost_micros,
    holdoutShare: row.holdout_share,
    salt: row.salt,
    subject: row.subject,
    body: row.body,
    isActive: row.is_active,
    createdAt: row.created_at,
  };
}

export function toRun(row: RunRow): JourneyRun {
  return {
    tenant: row.tenant,
    id: row.id,
    journeyId: row.journey_id,
    state: row.state,
    total: row.total,
    processed: row.processed,
    requestedAt: row.requested_at,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
  };
}

export function toCustomer(row: CustomerRow): JourneyCustomer {
  return {
    customerId: row.customer_id,
    arm: row.arm,
    outcome: row.outcome,
    aliveProbability: row.alive_probability,
    modelVersion: row.model_version,
    assignedAt: row.assigned_at,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at }),
    ...(row.message_id === null ? {} : messageOf(row, row.message_id)),
  };
}

function messageOf(row: CustomerRow, messageId: string): Partial<JourneyCustomer> {
  return {
    messageId,
    ...(row.message_state === null ? {} : { messageState: row.message_state }),
    ...(row.message_reason === null ? {} : { messageReason: row.message_reason }),
    ...(row.consent_receipt === null ? {} : { consentReceiptId: row.consent_receipt }),
    ...(row.hold_attempt === null || row.hold_state === 'none'
      ? {}
      : { holdId: holdIdOf({ id: messageId, holdAttempt: row.hold_attempt }) }),
  };
}
