import type { Clock, Random } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import type { PayloadSigner } from '@kiki/auth';
import { idempotencyMigrationsDir, idempotencySchema } from '@kiki/http';
import { migrate, PostgresDatabase } from '@kiki/postgres';
import {
  BullQueues,
  openPostgresQueueBackend,
  RedisQueueBackend,
  type QueueBackend,
  type Queues,
} from '@kiki/queue';
import {
  InProcessCache,
  InProcessRateLimiter,
  PostgresCache,
  PostgresLocks,
  PostgresRateLimiter,
  RedisCache,
  RedisLocks,
  RedisRateLimiter,
  sharedStateMigrationsDir,
  sharedStateSchema,
  type Cache,
  type Locks,
  type RateLimiter,
} from '@kiki/redis';
import { receiptsMigrationsDir, receiptsSchema } from '@kiki/subject-data';
import type { ProcessStores } from './process-stores.js';
import type { HostSettings, ServiceSettings } from './settings.js';
import type { Teardown } from './teardown.js';

/** What one service keeps things in. */
export interface ServiceStores {
  readonly database: PostgresDatabase;
  readonly queues: Queues;
  readonly queueKind: QueueBackend['kind'];
  readonly cache: Cache;
  readonly locks: Locks;
  readonly limiter: RateLimiter;
}

/** What the stores of one service are made with. */
export interface ServiceStoresContext {
  readonly settings: HostSettings;
  readonly service: ServiceSettings;
  readonly stores: ProcessStores;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signer: PayloadSigner;
  readonly teardown: Teardown;
}

/** Migrates a service's schemas and opens its stores by the profile. */
export async function openServiceStores(context: ServiceStoresContext): Promise<ServiceStores> {
  const { settings, service, stores, clock, random, teardown } = context;
  const { name } = service.definition;
  await migrateService(context);
  const database = new PostgresDatabase({
    ...{ connection: stores.postgres.connection, schema: name, clock, random },
    max: settings.host.databaseConnections,
  });
  teardown.add(() => database.close());
  const backend = await openBackend(context);
  const queues = new BullQueues({ ...context, service: name, backend });
  // Closed before, when the service drains; closing twice does nothing.
  teardown.add(() => queues.close(0));
  return { database, queues, queueKind: backend.kind, ...sharedState(context, database) };
}

async function migrateService({ settings, service, stores }: ServiceStoresContext): Promise<void> {
  const { name, migrationsDir } = service.definition;
  const connection = stores.postgres.direct;
  await migrate({ connection, schema: name, directory: migrationsDir });
  await migrate({
    connection,
    schema: idempotencySchema(name),
    directory: idempotencyMigrationsDir,
  });
  await migrate({
    connection,
    schema: receiptsSchema(name),
    directory: receiptsMigrationsDir,
  });
  if (settings.profile === 'standard') return;
  await migrate({
    connection,
    schema: sharedStateSchema(name),
    directory: sharedStateMigrationsDir,
  });
}

async function openBackend(context: ServiceStoresContext): Promise<QueueBackend> {
  const { settings, service, stores, logger } = context;
  const { name } = service.definition;
  if (stores.redis !== undefined) {
    return new RedisQueueBackend({
      ...{ url: stores.redis.url, service: name },
      onFault: (error) => logger.warn('the queue lost its connection to Redis', { error }),
    });
  }
  return openPostgresQueueBackend({
    ...{ connection: { ...stores.postgres.direct }, service: name },
    maxConnections: settings.host.queueConnections,
  });
}

/**
 * Cache, locks and limits. A laptop has one process per service, so cache and limits may stay in it; locks are kept in
 * PostgreSQL, because a command of the same service may run beside it.
 */
function sharedState(
  context: ServiceStoresContext,
  database: PostgresDatabase,
): Pick<ServiceStores, 'cache' | 'locks' | 'limiter'> {
  const { settings, service, stores, clock, logger } = context;
  const { name } = service.definition;
  const onFault = (error: unknown): void => logger.warn('the cache is away', { error });
  if (stores.redis !== undefined) {
    return {
      cache: new RedisCache(stores.redis.cache, name, { onFault }),
      locks: new RedisLocks(stores.redis.main, name),
      limiter: new RedisRateLimiter(stores.redis.main, name),
    };
  }
  const locks = new PostgresLocks(database);
  if (settings.profile === 'laptop') {
    return { cache: new InProcessCache(clock), locks, limiter: new InProcessRateLimiter(clock) };
  }
  const limiter = new PostgresRateLimiter(database, clock);
  return { cache: new PostgresCache(database, clock, { onFault }), locks, limiter };
}
