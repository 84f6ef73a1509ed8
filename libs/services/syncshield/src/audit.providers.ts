import { join } from 'node:path';
import { Readiness } from '@kiki/health';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { ObjectStore } from '@kiki/objects';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { FileAnchors } from './adapters/files/file-anchors.js';
import { KeyFileSigner } from './adapters/files/key-file-signer.js';
import { signingKeyPath } from './adapters/files/signing-key-file.js';
import { AuditMetrics } from './adapters/metrics/audit-metrics.js';
import { AuditIntegrator } from './adapters/nest/audit-integrator.js';
import { AuditReadiness } from './adapters/nest/audit-readiness.js';
import { ObjectAnchors } from './adapters/objects/object-anchors.js';
import { PostgresAuditKeys } from './adapters/postgres/audit-key-rows.js';
import { PostgresAuditLog } from './adapters/postgres/postgres-audit-log.js';
import { PostgresAuditTrees } from './adapters/postgres/postgres-audit-trees.js';
import { AuditLog } from './application/audit-log.js';
import { AllAnchors, CheckpointAnchors } from './application/checkpoint-anchors.js';
import { IntegrateAudit } from './application/integrate-audit.js';
import type { SyncshieldConfig } from './syncshield.config.js';

/** The audit log as one that can be watched from outside: trees, checkpoints, anchors. */
export function auditProviders(config: SyncshieldConfig): FactoryProvider[] {
  return [
    { provide: KeyFileSigner, inject: [], useFactory: () => signerOf(config) },
    {
      provide: AuditLog,
      inject: [Database, KeyFileSigner],
      useFactory: (database: Database, signer: KeyFileSigner) =>
        new PostgresAuditLog(database, signer),
    },
    {
      provide: CheckpointAnchors,
      inject: [ObjectStore, Clock],
      useFactory: (objects: ObjectStore, clock: Clock) => anchorsOf(config, objects, clock),
    },
    {
      provide: IntegrateAudit,
      inject: [Database, KeyFileSigner, CheckpointAnchors],
      useFactory: (database: Database, signer: KeyFileSigner, anchors: CheckpointAnchors) => {
        const trees = new PostgresAuditTrees(database, signer);
        return new IntegrateAudit(trees, anchors, config.auditCheckedRecords);
      },
    },
    {
      provide: AuditMetrics,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => new AuditMetrics(metrics),
    },
    ...background(config),
  ];
}

function background({ auditIntervalMs }: SyncshieldConfig): FactoryProvider[] {
  return [
    {
      provide: AuditIntegrator,
      inject: [IntegrateAudit, KeyFileSigner, Database, AuditMetrics, Clock, Logger],
      useFactory: (
        integrate: IntegrateAudit,
        signer: KeyFileSigner,
        ...[database, observer, clock, logger]: [Database, AuditMetrics, Clock, Logger]
      ) => {
        const openKey = (): Promise<void> => signer.open(new PostgresAuditKeys(database));
        const parts = { integrate, openKey, observer, clock, logger };
        return new AuditIntegrator(parts, auditIntervalMs);
      },
    },
    {
      provide: AuditReadiness,
      inject: [Readiness, KeyFileSigner, AuditMetrics],
      useFactory: (readiness: Readiness, signer: KeyFileSigner, metrics: AuditMetrics) =>
        new AuditReadiness(readiness, signer, () => metrics.latest),
    },
  ];
}

function signerOf(config: SyncshieldConfig): KeyFileSigner {
  const { auditOrigin: origin, replicas } = config;
  return new KeyFileSigner({ path: signingKeyPath(config), origin, replicas });
}

function anchorsOf(
  config: SyncshieldConfig,
  objects: ObjectStore,
  clock: Clock,
): CheckpointAnchors {
  const { auditAnchors, auditAnchorFile, auditObjectIntervalMs, home } = config;
  const path = auditAnchorFile ?? join(home, 'syncshield-audit-anchors.ndjson');
  const chosen = auditAnchors.split(',');
  return new AllAnchors([
    ...(chosen.includes('file') ? [new FileAnchors(path)] : []),
    ...(chosen.includes('objects')
      ? [new ObjectAnchors(objects, clock, auditObjectIntervalMs)]
      : []),
  ]);
}
