import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { LeasesController } from './adapters/http/leases.controller.js';
import { LeaseMetrics } from './adapters/metrics/lease-metrics.js';
import { LeaseSweeper } from './adapters/nest/lease-sweeper.js';
import { PostgresLeases } from './adapters/postgres/postgres-leases.js';
import { AcquireLease } from './application/acquire-lease.js';
import { CloseLeases } from './application/close-leases.js';
import { Decide } from './application/decide.js';
import { LeaseObserver } from './application/lease-observer.js';
import { Leases } from './application/leases.js';
import { ReportLeases } from './application/report-leases.js';
import type { SyncshieldConfig } from './syncshield.config.js';

export const leaseControllers = [LeasesController];

/** Slices of budgets for nodes. */
export function leaseProviders(config: SyncshieldConfig): FactoryProvider[] {
  const rules = {
    ttlMs: config.leaseTtlMs,
    graceMs: config.leaseGraceMs,
    headroomDivisor: config.leaseHeadroomDivisor,
    unreportedPercent: config.leaseUnreportedPercent,
    holdsOnlyPermille: config.leaseHoldsOnlyPermille,
  };
  return [
    {
      provide: Leases,
      inject: [Database],
      useFactory: (database: Database) => new PostgresLeases(database),
    },
    provide(LeaseMetrics, [Metrics], LeaseObserver),
    {
      provide: AcquireLease,
      inject: [Leases, Decide, LeaseObserver],
      useFactory: (leases: Leases, decide: Decide, observer: LeaseObserver) =>
        new AcquireLease(leases, decide, observer, rules),
    },
    provide(ReportLeases, [Leases, Decide, LeaseObserver]),
    provide(CloseLeases, [Leases, Decide, LeaseObserver]),
    {
      provide: LeaseSweeper,
      inject: [CloseLeases, Clock, Logger],
      useFactory: (close: CloseLeases, clock: Clock, logger: Logger) =>
        new LeaseSweeper(close, config.leaseSweepIntervalMs, clock, logger),
    },
  ];
}
