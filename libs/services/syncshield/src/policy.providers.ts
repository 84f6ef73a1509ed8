import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { AcquisitionsController } from './adapters/http/acquisitions.controller.js';
import { ApprovalsController } from './adapters/http/approvals.controller.js';
import { ExplanationsController } from './adapters/http/explanations.controller.js';
import { HoldCommands } from './adapters/http/hold-commands.js';
import { KillSwitchController } from './adapters/http/kill-switch.controller.js';
import { PolicyController } from './adapters/http/policy.controller.js';
import { ControlGauges } from './adapters/nest/control-gauges.js';
import { ControlUpkeep } from './adapters/nest/control-upkeep.js';
import {
  approvedBudgetChanges,
  approvedControlChanges,
  approvedDataChanges,
} from './adapters/postgres/approved-changes.js';
import { ControlChanges } from './adapters/postgres/control-change.js';
import { controlTotals } from './adapters/postgres/control-totals.js';
import { Judges } from './adapters/postgres/judges.js';
import { PostgresAcquisitions } from './adapters/postgres/postgres-acquisitions.js';
import { PostgresApprovals } from './adapters/postgres/postgres-approvals.js';
import type { PostgresBudgets } from './adapters/postgres/postgres-budgets.js';
import { PostgresConsentRegistry } from './adapters/postgres/postgres-consent-registry.js';
import { PostgresDecisionHistory } from './adapters/postgres/postgres-decision-history.js';
import { PostgresExplanations } from './adapters/postgres/postgres-explanations.js';
import { PostgresKillSwitches } from './adapters/postgres/postgres-kill-switches.js';
import { PostgresPolicies } from './adapters/postgres/postgres-policies.js';
import type { PostgresPrivacyRequests } from './adapters/postgres/postgres-privacy-requests.js';
import { PostgresSpendLearning } from './adapters/postgres/postgres-spend-learning.js';
import { AppealHold } from './application/appeal-hold.js';
import { Approvals, GuardedChange } from './application/approvals.js';
import { ConsentCheck } from './application/consent-check.js';
import { DecisionHistory, DryRun } from './application/dry-run.js';
import { ExplainHold } from './application/explain-hold.js';
import { Budgets, LedgerReader } from './application/ledger.js';
import { KillSwitches, Policies } from './application/policies.js';
import { PrivacyRequests } from './application/privacy/privacy-requests.js';
import { Acquisitions, SpendLearning } from './application/spend-learning.js';
import { SubjectKeys } from './application/subject-keys.js';
import type { ApprovalAction } from './domain/approval.js';
import type { SyncshieldConfig } from './syncshield.config.js';

/** Routes of policies, kill switches, approvals and explanations. */
export const policyControllers = [
  PolicyController,
  KillSwitchController,
  ApprovalsController,
  ExplanationsController,
  AcquisitionsController,
];

/** Changes that wait for a second key, as configured. */
export function fourEyesOf(config: SyncshieldConfig): ReadonlySet<ApprovalAction> {
  return new Set(config.fourEyes === 'on' ? config.fourEyesActions : []);
}

/** Policies, kill switches, four-eyes approvals, and what rules learn. */
export function policyProviders(config: SyncshieldConfig): FactoryProvider[] {
  return [...controls(config), ...questions(), ...upkeep(config)];
}

function controls(config: SyncshieldConfig): FactoryProvider[] {
  const options = { patienceMs: config.controlPatienceMs, fourEyes: fourEyesOf(config) };
  return [
    {
      provide: ControlChanges,
      inject: [Database, Clock],
      useFactory: (database: Database, clock: Clock) =>
        new ControlChanges(database, clock, options),
    },
    provide(Judges, [ConsentCheck, Clock]),
    provide(PostgresPolicies, [ControlChanges], Policies),
    provide(PostgresKillSwitches, [ControlChanges], KillSwitches),
    provide(PostgresAcquisitions, [ControlChanges], Acquisitions),
    {
      provide: Approvals,
      inject: [
        ...[ControlChanges, Budgets, KillSwitches, Policies],
        ...[PostgresConsentRegistry, PrivacyRequests],
      ],
      useFactory: (
        changes: ControlChanges,
        budgets: PostgresBudgets,
        kills: PostgresKillSwitches,
        policies: PostgresPolicies,
        consents: PostgresConsentRegistry,
        requests: PostgresPrivacyRequests,
      ) => {
        const executors = [
          ...approvedBudgetChanges(budgets),
          ...approvedControlChanges(kills, policies),
          ...approvedDataChanges(consents, requests),
        ];
        return new PostgresApprovals(changes, executors, config.approvalTtlMs);
      },
    },
    provide(GuardedChange, [Approvals]),
  ];
}

function questions(): FactoryProvider[] {
  return [
    provide(HoldCommands, [SubjectKeys]),
    provide(AppealHold, [LedgerReader, Policies, Approvals, Clock]),
    provide(PostgresExplanations, [Database, LedgerReader, Budgets, Policies], ExplainHold),
    {
      provide: DecisionHistory,
      inject: [Database, ConsentCheck, Clock],
      useFactory: (database: Database, checks: ConsentCheck, clock: Clock) =>
        new PostgresDecisionHistory(database, checks, clock),
    },
    provide(DryRun, [DecisionHistory, Clock]),
  ];
}

function upkeep({ policyIntervalMs, totalsIntervalMs }: SyncshieldConfig): FactoryProvider[] {
  return [
    provide(PostgresSpendLearning, [ControlChanges], SpendLearning),
    {
      provide: ControlUpkeep,
      inject: [Approvals, SpendLearning, Clock, Logger],
      useFactory: (approvals: Approvals, learning: SpendLearning, clock: Clock, logger: Logger) =>
        new ControlUpkeep(approvals, learning, policyIntervalMs, clock, logger),
    },
    {
      provide: ControlGauges,
      inject: [Database, Clock, Logger, Metrics],
      useFactory: (database: Database, clock: Clock, logger: Logger, metrics: Metrics) =>
        new ControlGauges(() => controlTotals(database), totalsIntervalMs, clock, logger, metrics),
    },
  ];
}
