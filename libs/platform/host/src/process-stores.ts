import { Auth, AUTH_SCHEMA } from '@kiki/auth';
import { rootSecret } from '@kiki/config';
import { SystemClock, SystemRandom } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import { openObjectStore, type OpenObjectStore } from '@kiki/objects';
import { PostgresDatabase } from '@kiki/postgres';
import { openPostgresStore, type PostgresStore } from './postgres-stores.js';
import { openRedisStore, type RedisStore } from './redis-stores.js';
import type { HostSettings } from './settings.js';
import type { Teardown } from './teardown.js';

/** What all services of a process share. */
export interface ProcessStores {
  readonly postgres: PostgresStore;
  readonly redis: RedisStore | undefined;
  readonly objects: OpenObjectStore;
  readonly secret: string;
  readonly auth: Auth;
}

/** One connection listens; two look up keys, in batches. */
const AUTH_CONNECTIONS = 3;

/** Opens the stores of the process; what was opened is closed by `teardown`, also after a fault. */
export async function openProcessStores(
  settings: HostSettings,
  logger: Logger,
  teardown: Teardown,
): Promise<ProcessStores> {
  const { shared, host, services } = settings;
  const name = services.length === 1 ? (services[0]?.definition.name ?? 'kiki') : 'kiki';
  const secret = rootSecret(shared);
  const postgres = await openPostgresStore(settings, name, logger);
  teardown.add(() => postgres.close());
  const redis = await openRedisStore(settings, logger);
  if (redis) teardown.add(() => redis.close());
  const objects = openObjectStore(shared);
  teardown.add(() => Promise.resolve(objects.close()));
  const database = new PostgresDatabase({
    connection: postgres.direct,
    schema: AUTH_SCHEMA,
    max: AUTH_CONNECTIONS,
  });
  teardown.add(() => database.close());
  const auth = new Auth({
    ...{ database, logger, rootSecret: secret, previousSecrets: host.previousSecrets },
    clock: new SystemClock(),
    random: new SystemRandom(),
    env: shared.environment,
  });
  teardown.add(() => auth.close());
  return { postgres, redis, objects, secret, auth };
}
