import { microsToWire } from '@kiki/kernel';
import type { z } from 'zod';
import type { JourneyCustomer } from '../../application/journeys.js';
import type { Journey, JourneyReport, JourneyRun } from '../../domain/journey.js';
import type * as wire from './journeys.schema.js';

export function journeyAnswer(journey: Journey): z.infer<typeof wire.JourneyAnswer> {
  const { tenant: _tenant, costMicros, createdAt, ...rest } = journey;
  return { ...rest, costMicros: microsToWire(costMicros), createdAt: createdAt.toISOString() };
}

export function runAnswer(run: JourneyRun): z.infer<typeof wire.RunAnswer> {
  return {
    runId: run.id,
    journeyId: run.journeyId,
    state: run.state,
    reason: run.reason ?? null,
    total: run.total,
    processed: run.processed,
    requestedAt: run.requestedAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

export function reportAnswer(
  journey: Journey,
  report: JourneyReport,
  run: JourneyRun | undefined,
): z.infer<typeof wire.ReportAnswer> {
  const { spentMicros, suppressedReasons, messageStates, arms, ...counts } = report;
  const dry = suppressedReasons['dry_run'] ?? 0;
  return {
    journeyId: journey.id,
    currency: journey.currency,
    ...counts,
    suppressedReasons: { ...suppressedReasons },
    dryRun: { messages: dry, costMicros: microsToWire(journey.costMicros * BigInt(dry)) },
    messageStates: { ...messageStates },
    spentMicros: microsToWire(spentMicros),
    arms: { holdout: { ...arms.holdout }, treatment: { ...arms.treatment } },
    latestRun: run ? runAnswer(run) : null,
  };
}

export function customerAnswer(customer: JourneyCustomer): z.infer<typeof wire.CustomerAnswer> {
  return {
    customerId: customer.customerId,
    arm: customer.arm,
    outcome: customer.outcome,
    reason: customer.reason ?? null,
    aliveProbability: customer.aliveProbability,
    modelVersion: customer.modelVersion,
    assignedAt: customer.assignedAt.toISOString(),
    decidedAt: customer.decidedAt?.toISOString() ?? null,
    messageId: customer.messageId ?? null,
    messageState: customer.messageState ?? null,
    messageReason: customer.messageReason ?? null,
    holdId: customer.holdId ?? null,
    consentReceiptId: customer.consentReceiptId ?? null,
  };
}
