import { PostgresConnection, type PgPool } from 'bullmq';
import type { Pool } from 'pg';

/** SQLSTATE classes and codes that mean "the server is away for now". */
const OUTAGE_STATES = /^(08|57P0[1-5]$|53300$|25006$)/;
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT', // the unix socket of a stopped server
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
const OUTAGE_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/;

/** Whether an error of `pg` says that the server cannot be reached, rather than that a statement is wrong. */
export function isOutage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return OUTAGE_MESSAGES.test(error.message);
  return OUTAGE_STATES.test(code) || OUTAGE_CODES.has(code);
}

/**
 * BullMQ retries a step of a worker for ever when it recognises a connection error, and gives the step up otherwise;
 * it recognises this code only.
 */
class StoreOutage extends Error {
  readonly code = 'ECONNREFUSED';
  constructor(cause: Error) {
    super(`ECONNREFUSED: the queue's store is away (${cause.message})`, { cause });
  }
}

function translate(error: unknown): never {
  throw isOutage(error) ? new StoreOutage(error) : error;
}

/** What BullMQ needs of a pool, with outages told in the words that it understands. */
function outageAware(pool: Pool): PgPool {
  return {
    query: (text: string, values?: readonly unknown[]) =>
      pool.query(text, values as unknown[]).catch(translate),
    connect: () => pool.connect().catch(translate),
    end: () => pool.end(),
    on: (event: 'error' | 'connect', listener: (argument: never) => void) =>
      pool.on(event as 'error', listener as (error: Error) => void),
    removeAllListeners: (event?: string) => pool.removeAllListeners(event),
  };
}

/**
 * One pool and one LISTEN session for all queues and workers of a service. BullMQ's own wiring takes a pool and a
 * session
 * for each of them; here closing a queue leaves the link open, and `shutDown` ends it.
 */
export class PostgresLink extends PostgresConnection {
  override readonly schema: string;

  constructor(
    private readonly rawPool: Pool,
    schema: string,
  ) {
    super(outageAware(rawPool));
    this.schema = schema;
    this.setMaxListeners(0);
  }

  /** The schema was migrated before the link was made; a queue may be opened while the server is away. */
  override waitUntilReady(): Promise<void> {
    return Promise.resolve();
  }

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    (client as unknown as { setMaxListeners(count: number): void }).setMaxListeners(0);
    return client;
  }

  override async close(): Promise<void> {}

  override async disconnect(): Promise<void> {}

  /** Ends the LISTEN session and the pool. */
  async shutDown(): Promise<void> {
    await super.close();
    await this.rawPool.end();
  }
}
