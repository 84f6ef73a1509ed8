import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { ConsentCheckController } from './adapters/http/consent-check.controller.js';
import {
  ConsentRecordsController,
  ConsentWithdrawalController,
} from './adapters/http/consent-records.controller.js';
import { ConsentSettingsController } from './adapters/http/consent-settings.controller.js';
import { ConsentMetrics } from './adapters/metrics/consent-metrics.js';
import { PostgresConsentCheck } from './adapters/postgres/postgres-consent-check.js';
import { PostgresConsentRegistry } from './adapters/postgres/postgres-consent-registry.js';
import { IabDecoders } from './adapters/signals/iab-decoders.js';
import { CheckConsents } from './application/check-consents.js';
import { ConsentCheck } from './application/consent-check.js';
import { ConsentDecoders } from './application/consent-decoders.js';
import { ConsentHistory } from './application/consent-history.js';
import { ConsentObserver } from './application/consent-observer.js';
import { ConsentRegistry } from './application/consent-registry.js';
import { FollowConsents } from './application/follow-consents.js';
import { ReadConsentSignals } from './application/read-consent-signals.js';
import { RecordConsents } from './application/record-consents.js';
import { SubjectKeys } from './application/subject-keys.js';
import { fourEyesOf } from './policy.providers.js';
import type { SyncshieldConfig } from './syncshield.config.js';

/** Routes of the consent registry. */
export const consentControllers = [
  ConsentRecordsController,
  ConsentWithdrawalController,
  ConsentCheckController,
  ConsentSettingsController,
];

/** The consent registry. */
export function consentProviders(config: SyncshieldConfig): FactoryProvider[] {
  const { consentDefault } = config;
  return [
    {
      provide: PostgresConsentRegistry,
      inject: [Database],
      useFactory: (database: Database) =>
        new PostgresConsentRegistry(database, consentDefault, undefined, fourEyesOf(config)),
    },
    {
      provide: ConsentRegistry,
      inject: [PostgresConsentRegistry],
      useFactory: (registry: PostgresConsentRegistry) => registry,
    },
    provide(PostgresConsentCheck, [PostgresConsentRegistry], ConsentCheck),
    provide(ConsentMetrics, [Metrics], ConsentObserver),
    provide(IabDecoders, [], ConsentDecoders),
    {
      provide: RecordConsents,
      inject: [ConsentRegistry, SubjectKeys, ConsentDecoders, ConsentObserver],
      useFactory: (
        ...[registry, keys, decoders, observer]: [
          ...[ConsentRegistry, SubjectKeys, ConsentDecoders, ConsentObserver],
        ]
      ) => new RecordConsents({ registry, keys, decoders, observer }),
    },
    {
      provide: ReadConsentSignals,
      inject: [ConsentRegistry, ConsentDecoders, RecordConsents],
      useFactory: (registry: ConsentRegistry, decoders: ConsentDecoders, records: RecordConsents) =>
        new ReadConsentSignals({ registry, decoders }, records),
    },
    provide(ConsentHistory, [ConsentRegistry, SubjectKeys]),
    provide(CheckConsents, [ConsentRegistry, SubjectKeys]),
    provide(FollowConsents, [ConsentRegistry, Clock]),
    {
      provide: 'syncshield:consent-default',
      inject: [Readiness, Logger],
      useFactory: (readiness: Readiness, logger: Logger) => {
        const withoutSettings = { unknownRegion: consentDefault };
        logger.info('consent of tenants without settings of their own', withoutSettings);
        readiness.add('consent', async () => ({ status: 'up', withoutSettings }));
        return consentDefault;
      },
    },
  ];
}
