import { kernelErrors } from '@kiki/kernel';
import {
  PostgresQueueBackend as BullPostgresBackend,
  runMigrations,
  withBackend,
  type BackendFactory,
  type PostgresConnectionOptions,
  type Processor,
} from 'bullmq';
import pg from 'pg';
import { PostgresLink } from './postgres-link.js';
import {
  QueueBackend,
  workerSettings,
  type OpenWorkerOptions,
  type StoredQueue,
  type StoredWorker,
} from './queue-backend.js';

/** Where the queues of one service lie in Postgres. */
export interface PostgresQueueBackendOptions {
  /** How to reach the database; passes as it is to `pg`. Must be a direct connection, not a transaction pooler. */
  readonly connection: pg.ClientConfig;
  readonly service: string;
  /** @default `<service>_queue` */
  readonly schema?: string;
  /** Connections of all queues and workers of the service together, one of them for LISTEN. @default 4 */
  readonly maxConnections?: number;
}

type Bull = ReturnType<typeof bind>;

/** Binds BullMQ's classes to the one link, not through its process-wide default. */
function bind(link: PostgresLink) {
  const factory: BackendFactory<BullPostgresBackend, PostgresConnectionOptions> = (name, options) =>
    new BullPostgresBackend(link, name, options, true);
  return withBackend(factory);
}

/** BullMQ on Postgres: own schema, one small pool per service. Made by `openPostgresQueueBackend`. */
export class PostgresQueueBackend extends QueueBackend {
  override readonly kind = 'postgres';
  private readonly link: PostgresLink;
  private readonly bull: Bull;
  private readonly others = new Map<string, PostgresQueueBackend>();

  /** @param settings how `pool` connects, without its search path */
  constructor(
    private readonly pool: pg.Pool,
    schema: string,
    private readonly settings: pg.ClientConfig,
  ) {
    super();
    this.link = new PostgresLink(pool, schema);
    this.bull = bind(this.link);
  }

  override openQueue(name: string): StoredQueue {
    const queue = new this.bull.Queue<unknown, unknown>(name, { connection: this.pool });
    return queue as unknown as StoredQueue;
  }

  override openWorker(
    name: string,
    processor: Processor<unknown, unknown, string>,
    options: OpenWorkerOptions,
  ): StoredWorker {
    return new this.bull.Worker<unknown, unknown>(name, processor, {
      ...workerSettings(options),
      connection: this.pool,
    }) as unknown as StoredWorker;
  }

  override async oldestWaitingSinceMs(name: string): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ since: number | null }>(
      `SELECT min(added_at_ms + coalesce((opts->>'delay')::float8, 0))::float8 AS since
       FROM job WHERE queue = $1 AND state = 'waiting'`,
      [name],
    );
    return rows[0]?.since ?? undefined;
  }

  /** Its schema is migrated by the service itself: until it has run once, adding a job fails. */
  override of(service: string): QueueBackend {
    let other = this.others.get(service);
    if (other === undefined) {
      const schema = `${service}_queue`;
      other = new PostgresQueueBackend(openPool(this.settings, schema, 1), schema, this.settings);
      this.others.set(service, other);
    }
    return other;
  }

  override async ping(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (cause) {
      throw kernelErrors.unavailable('The store of the queues does not answer.', {}, { cause });
    }
  }

  override async close(): Promise<void> {
    await Promise.all([...this.others.values()].map((other) => other.close()));
    await this.link.shutDown();
  }
}

/** Migrates the schema of a service's queues and opens them. @throws unavailable */
export async function openPostgresQueueBackend(
  options: PostgresQueueBackendOptions,
): Promise<PostgresQueueBackend> {
  const schema = options.schema ?? `${options.service}_queue`;
  const settings: pg.ClientConfig = {
    ...options.connection,
    application_name: `kiki-${options.service}-queue`,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  };
  await migrate({ ...settings, options: sessionOptions(schema) }, schema);
  const pool = openPool(settings, schema, options.maxConnections ?? 4);
  return new PostgresQueueBackend(pool, schema, settings);
}

function openPool(settings: pg.ClientConfig, schema: string, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...settings,
    ...{ options: sessionOptions(schema), max },
    ...{ idleTimeoutMillis: 30_000, query_timeout: 30_000 },
  });
  pool.on('error', () => undefined); // a connection that breaks while idle is replaced by the pool
  return pool;
}

function sessionOptions(schema: string): string {
  return `-c search_path=${schema} -c timezone=UTC`;
}

async function migrate(settings: pg.ClientConfig, schema: string): Promise<void> {
  const client = new pg.Client(settings);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await runMigrations(client, schema);
  } catch (cause) {
    throw kernelErrors.unavailable('The schema of the queues cannot be prepared.', {}, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}
