import { rootSecret } from '@kiki/config';
import { Peers } from '@kiki/auth';
import { provide } from '@kiki/host';
import { Clock, Random, SystemRandom } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database, migrate, parseDatabaseUrl, PostgresDatabase } from '@kiki/postgres';
import { ExecuteSubjectRequest, SubjectData, subjectDataProviders } from '@kiki/subject-data';
import type { FactoryProvider } from '@nestjs/common';
import { ComplianceController } from './adapters/http/compliance.controller.js';
import { LegalHoldsController } from './adapters/http/legal-holds.controller.js';
import { PrivacyController } from './adapters/http/privacy.controller.js';
import { PrivacyStartController } from './adapters/http/privacy-start.controller.js';
import { RetentionController } from './adapters/http/retention.controller.js';
import { KeyStoreConnection } from './adapters/nest/key-store-connection.js';
import { PrivacyMetrics } from './adapters/metrics/privacy-metrics.js';
import { PrivacyRunner } from './adapters/nest/privacy-runner.js';
import { RetentionSweeper } from './adapters/nest/retention-sweeper.js';
import { PeerSubjectServices } from './adapters/peers/peer-subject-services.js';
import { KeyVault } from './adapters/postgres/key-vault.js';
import { PostgresComplianceFacts } from './adapters/postgres/postgres-compliance-facts.js';
import { PostgresLegalHolds } from './adapters/postgres/postgres-legal-holds.js';
import { PostgresPrivacyRequests } from './adapters/postgres/postgres-privacy-requests.js';
import { PostgresRetention } from './adapters/postgres/postgres-retention.js';
import { PostgresSubjectKeys } from './adapters/postgres/postgres-subject-keys.js';
import { KEYSTORE_SCHEMA } from './adapters/postgres/subject-key-rows.js';
import { ShieldSubjectData } from './adapters/privacy/shield-subject-data.js';
import { AuditLog } from './application/audit-log.js';
import { ConsentRegistry } from './application/consent-registry.js';
import { ComplianceFacts } from './application/privacy/compliance-facts.js';
import { MakeComplianceReport } from './application/privacy/compliance-report.js';
import { ExportPeriod } from './application/privacy/export-period.js';
import { ForgetSubject } from './application/privacy/forget-subject.js';
import { LegalHolds } from './application/privacy/legal-holds.js';
import { Objections } from './application/privacy/objections.js';
import { PrivacyObserver } from './application/privacy/privacy-observer.js';
import { PrivacyRequests } from './application/privacy/privacy-requests.js';
import { Retention } from './application/privacy/retention.js';
import { RunPrivacyRequests } from './application/privacy/run-privacy-requests.js';
import { SubjectServices } from './application/privacy/subject-services.js';
import { RecordConsents } from './application/record-consents.js';
import { SubjectKeys } from './application/subject-keys.js';
import { wrappingKeyOf, type WrappingKey } from './domain/subject-crypto.js';
import { fourEyesOf } from './policy.providers.js';
import type { SyncshieldConfig } from './syncshield.config.js';

const keystoreMigrationsDir = new URL('../keystore-migrations/', import.meta.url);
/** The key store is asked in batches. */
const KEYSTORE_CONNECTIONS = 3;

/** Routes of privacy and compliance. */
export const privacyControllers = [
  PrivacyController,
  PrivacyStartController,
  LegalHoldsController,
  RetentionController,
  ComplianceController,
];

/** Subject keys, requests of data subjects, retention and the compliance report. */
export function privacyProviders(config: SyncshieldConfig): FactoryProvider[] {
  return [...keys(config), ...requests(config), ...retention(config), ...reports];
}

function requests(config: SyncshieldConfig): FactoryProvider[] {
  return [
    provide(ForgetSubject, [ConsentRegistry, SubjectKeys, Clock]),
    provide(ShieldSubjectData, [SubjectKeys, ForgetSubject, PrivacyRequests], SubjectData),
    ...subjectDataProviders,
    {
      provide: PrivacyRequests,
      inject: [Database, SubjectKeys, Clock],
      useFactory: (database: Database, subjects: SubjectKeys, clock: Clock) =>
        new PostgresPrivacyRequests(database, subjects, clock, fourEyesOf(config)),
    },
    provide(PostgresLegalHolds, [Database, SubjectKeys, Clock], LegalHolds),
    provide(PeerSubjectServices, [Peers, ExecuteSubjectRequest, Logger], SubjectServices),
    provide(Objections, [RecordConsents, ConsentRegistry, SubjectKeys]),
    provide(PrivacyMetrics, [Metrics], PrivacyObserver),
    {
      provide: RunPrivacyRequests,
      inject: [
        ...[PrivacyRequests, LegalHolds, SubjectServices, Objections, PrivacyObserver],
        ...[Clock, Random],
      ],
      useFactory: (
        requests: PrivacyRequests,
        holds: LegalHolds,
        services: SubjectServices,
        objections: Objections,
        observer: PrivacyObserver,
        clock: Clock,
        random: Random,
      ) => {
        const tools = { requests, holds, services, objections, observer };
        return new RunPrivacyRequests(tools, clock, random, config.privacyRetryMs);
      },
    },
    { provide: ExportPeriod, useFactory: () => new ExportPeriod(config.exportDays) },
    {
      provide: PrivacyRunner,
      inject: [RunPrivacyRequests, Clock, Logger],
      useFactory: (run: RunPrivacyRequests, clock: Clock, logger: Logger) =>
        new PrivacyRunner(run, config.privacyIntervalMs, clock, logger),
    },
  ];
}

function retention({ exportDays, retentionIntervalMs }: SyncshieldConfig): FactoryProvider[] {
  return [
    {
      provide: Retention,
      inject: [Database, PrivacyRequests, Clock],
      useFactory: (database: Database, requests: PrivacyRequests, clock: Clock) =>
        new PostgresRetention(database, requests, clock, exportDays),
    },
    {
      provide: RetentionSweeper,
      inject: [Retention, Clock, Logger],
      useFactory: (of: Retention, clock: Clock, logger: Logger) =>
        new RetentionSweeper(of, retentionIntervalMs, clock, logger),
    },
  ];
}

const reports: readonly FactoryProvider[] = [
  provide(PostgresComplianceFacts, [Database], ComplianceFacts),
  {
    provide: MakeComplianceReport,
    inject: [ComplianceFacts, AuditLog, Retention, SubjectServices, Clock],
    useFactory: (
      facts: ComplianceFacts,
      audit: AuditLog,
      of: Retention,
      services: SubjectServices,
      clock: Clock,
    ) => new MakeComplianceReport({ facts, audit, retention: of, services }, clock),
  },
];

function keys(config: SyncshieldConfig): FactoryProvider[] {
  return [
    {
      provide: KeyStoreConnection,
      inject: [Database],
      useFactory: (database: Database) => openKeyStore(config, database),
    },
    {
      provide: SubjectKeys,
      inject: [KeyStoreConnection, Clock],
      useFactory: async ({ database }: KeyStoreConnection, clock: Clock) => {
        // Keys never come from a seeded source, whatever the process's randomness is.
        const vault = await KeyVault.open(database, wrappingKeys(config), new SystemRandom());
        return new PostgresSubjectKeys(database, vault, clock);
      },
    },
  ];
}

async function openKeyStore(
  { keystoreUrl }: SyncshieldConfig,
  ledger: Database,
): Promise<KeyStoreConnection> {
  const connection =
    keystoreUrl === undefined ? ledger.poolOptions.connection : parseDatabaseUrl(keystoreUrl);
  await migrate({ connection, schema: KEYSTORE_SCHEMA, directory: keystoreMigrationsDir });
  if (keystoreUrl === undefined) return new KeyStoreConnection(ledger, undefined);
  const own = new PostgresDatabase({
    ...{ connection, schema: KEYSTORE_SCHEMA, max: KEYSTORE_CONNECTIONS },
  });
  return new KeyStoreConnection(own, () => own.close());
}

function wrappingKeys(config: SyncshieldConfig): [WrappingKey, ...WrappingKey[]] {
  const { keystoreKey, keystorePreviousKeys, home, rootSecret: secret } = config;
  const root = rootSecret({ home, secret });
  const current = wrappingKeyOf(keystoreKey ?? root);
  // Whoever sets a key of its own for the first time comes from the root secret.
  const earlier = [...(keystoreKey === undefined ? [] : [root]), ...keystorePreviousKeys];
  return [current, ...earlier.map(wrappingKeyOf).filter(({ id }) => id !== current.id)];
}
