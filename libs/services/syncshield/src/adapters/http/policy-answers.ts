import { microsToWire } from '@kiki/kernel';
import type { z } from 'zod';
import type { DryRunReport } from '../../application/dry-run.js';
import type { KillSwitch, PolicyVersion } from '../../application/policies.js';
import type { RuleEffect, Tally } from '../../domain/policy/policy-replay.js';
import type { KillSwitchAnswer } from './kill-switch.schema.js';
import type { DryRunAnswer, PolicyAnswer } from './policy.schema.js';
import { policyAnswer } from './rule-wire.js';

const at = (ms: number): string => new Date(ms).toISOString();

/** A version of a policy on the wire. */
export function versionAnswer(of: PolicyVersion): z.infer<typeof PolicyAnswer> {
  return {
    version: of.version,
    policy: policyAnswer(of.policy),
    comment: of.comment ?? null,
    createdBy: of.createdBy,
    createdAt: at(of.createdMs),
    approvalId: of.approvalId ?? null,
  };
}

/** A kill switch on the wire. */
export function killSwitchAnswer(of: KillSwitch): z.infer<typeof KillSwitchAnswer> {
  return {
    id: of.id,
    budgetId: of.budgetId ?? null,
    isActive: of.liftedMs === undefined,
    reason: of.reason,
    setBy: of.setBy,
    setAt: at(of.setMs),
    liftReason: of.liftReason ?? null,
    liftedBy: of.liftedBy ?? null,
    liftedAt: of.liftedMs === undefined ? null : at(of.liftedMs),
  };
}

type WireTally = z.infer<typeof DryRunAnswer>['approvedThen'];

/** A dry run on the wire. */
export function dryRunAnswer(report: DryRunReport): z.infer<typeof DryRunAnswer> {
  return {
    ...{ from: at(report.fromMs), to: at(report.toMs), isComplete: report.isComplete },
    decisions: report.decisions,
    approvedThen: tally(report.approvedThen),
    deniedThen: tally(report.deniedThen),
    newlyDenied: tally(report.newlyDenied),
    noLongerDenied: tally(report.noLongerDenied),
    rules: report.rules.map(effect),
    notes: [...report.notes],
  };
}

function effect(of: RuleEffect): z.infer<typeof DryRunAnswer>['rules'][number] {
  return {
    ...{ ruleId: of.rule.id, kind: of.rule.kind, learning: of.learning },
    ...{ denied: tally(of.denied), newlyDenied: tally(of.newlyDenied) },
    examples: of.examples,
    newValues: [...of.newValues]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count),
  };
}

function tally({ count, micros }: Tally): WireTally {
  const entries = Object.entries(micros);
  return { count, micros: Object.fromEntries(entries.map(([of, sum]) => [of, microsToWire(sum)])) };
}
