import { rootSecret } from '@kiki/config';
import { Clock, SystemRandom } from '@kiki/kernel';
import { Database, migrate, parseDatabaseUrl, PostgresDatabase } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { KeyStoreConnection } from './adapters/nest/key-store-connection.js';
import { KeyVault } from './adapters/postgres/key-vault.js';
import { PostgresSubjectKeys } from './adapters/postgres/postgres-subject-keys.js';
import { KEYSTORE_SCHEMA } from './adapters/postgres/subject-key-rows.js';
import { SubjectKeys } from './application/subject-keys.js';
import { wrappingKeyOf, type WrappingKey } from './domain/subject-crypto.js';
import type { SyncshieldConfig } from './syncshield.config.js';

const keystoreMigrationsDir = new URL('../keystore-migrations/', import.meta.url);
/** The key store is asked in batches. */
const KEYSTORE_CONNECTIONS = 3;

/** Subject keys, requests of data subjects, retention and the compliance report. */
export function privacyProviders(config: SyncshieldConfig): FactoryProvider[] {
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
