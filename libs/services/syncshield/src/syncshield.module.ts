import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { AuditProofsController } from './adapters/http/audit-proofs.controller.js';
import { AuditController } from './adapters/http/audit.controller.js';
import { BudgetsController } from './adapters/http/budgets.controller.js';
import { CheckController } from './adapters/http/check.controller.js';
import { HoldsController } from './adapters/http/holds.controller.js';
import { SettlementsController } from './adapters/http/settlements.controller.js';
import { LedgerMetrics } from './adapters/metrics/ledger-metrics.js';
import { LedgerConnection } from './adapters/nest/ledger-connection.js';
import { LedgerReadiness } from './adapters/nest/ledger-readiness.js';
import { ReleaseSweeper } from './adapters/nest/release-sweeper.js';
import { TotalsGauges } from './adapters/nest/totals-gauges.js';
import { ledgerTotals } from './adapters/postgres/ledger-totals.js';
import { Judges } from './adapters/postgres/judges.js';
import { PLAN_SETTINGS } from './adapters/postgres/ledger-settings.js';
import { PostgresBudgets } from './adapters/postgres/postgres-budgets.js';
import { PostgresLedger } from './adapters/postgres/postgres-ledger.js';
import { PostgresReader } from './adapters/postgres/postgres-reader.js';
import { Decide } from './application/decide.js';
import { LedgerObserver } from './application/ledger-observer.js';
import { Budgets, Ledger, LedgerReader } from './application/ledger.js';
import { consentControllers, consentProviders } from './consent.providers.js';
import { fourEyesOf, policyControllers, policyProviders } from './policy.providers.js';
import { privacyControllers, privacyProviders } from './privacy.providers.js';
import { auditProviders } from './audit.providers.js';
import { leaseControllers, leaseProviders } from './leases.providers.js';
import { moneyOutControllers, moneyOutProviders } from './money-out.providers.js';
import type { SyncshieldConfig } from './syncshield.config.js';

class SyncshieldModule {}

/** SyncShield's composition root. */
export function syncshieldModule(config: SyncshieldConfig): DynamicModule {
  return {
    module: SyncshieldModule,
    controllers: [
      BudgetsController,
      HoldsController,
      SettlementsController,
      CheckController,
      AuditController,
      AuditProofsController,
      ...consentControllers,
      ...policyControllers,
      ...privacyControllers,
      ...leaseControllers,
      ...moneyOutControllers,
    ],
    providers: [
      ...ledger(config),
      ...background(config),
      ...auditProviders(config),
      ...consentProviders(config),
      ...policyProviders(config),
      ...privacyProviders(config),
      ...leaseProviders(config),
      ...moneyOutProviders(config),
    ],
  };
}

function ledger(config: SyncshieldConfig): FactoryProvider[] {
  const { lockTimeoutMs, unknownForMs, maxWaiting } = config;
  return [
    factory(
      LedgerConnection,
      [Database],
      (database: Database) => new LedgerConnection(database, PLAN_SETTINGS),
    ),
    factory(
      Ledger,
      [LedgerConnection, Clock, Judges],
      ({ database }: LedgerConnection, clock: Clock, judges: Judges) =>
        new PostgresLedger(database, clock, { lockTimeoutMs, unknownForMs, judges }),
    ),
    factory(Budgets, [Database, Clock], (database: Database, clock: Clock) => {
      return new PostgresBudgets(database, clock, { lockTimeoutMs, fourEyes: fourEyesOf(config) });
    }),
    provide(PostgresReader, [Database, Judges], LedgerReader),
    provide(LedgerMetrics, [Metrics], LedgerObserver),
    factory(
      Decide,
      [Ledger, LedgerObserver, Clock],
      (of: Ledger, observer: LedgerObserver, clock: Clock) =>
        new Decide(of, observer, clock, maxWaiting),
    ),
  ];
}

function background(config: SyncshieldConfig): FactoryProvider[] {
  const { sweepIntervalMs, totalsIntervalMs, maxWaiting } = config;
  return [
    factory(
      ReleaseSweeper,
      [Ledger, LedgerObserver, Clock, Logger],
      (of: Ledger, observer: LedgerObserver, clock: Clock, logger: Logger) =>
        new ReleaseSweeper(of, observer, sweepIntervalMs, clock, logger),
    ),
    factory(
      TotalsGauges,
      [Database, Clock, Logger, Metrics],
      (database: Database, clock: Clock, logger: Logger, metrics: Metrics) =>
        new TotalsGauges(() => ledgerTotals(database), totalsIntervalMs, clock, logger, metrics),
    ),
    factory(LedgerReadiness, [Readiness, Decide], (readiness: Readiness, decide: Decide) => {
      return new LedgerReadiness(readiness, decide, maxWaiting);
    }),
  ];
}

/** A provider that needs more than constructor arguments, e.g. settings. */
function factory(
  token: FactoryProvider['provide'],
  inject: NonNullable<FactoryProvider['inject']>,
  useFactory: FactoryProvider['useFactory'],
): FactoryProvider {
  return { provide: token, inject, useFactory };
}
