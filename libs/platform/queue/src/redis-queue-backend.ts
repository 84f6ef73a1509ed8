import { closeRedis, connectRedis, inspectRedis, pingRedis, type RedisFinding } from '@kiki/redis';
import { createRedisBackend, withBackend, type Processor } from 'bullmq';
import type { Redis } from 'ioredis';
import { errors } from './errors.js';
import {
  QueueBackend,
  workerSettings,
  type OpenWorkerOptions,
  type StoredQueue,
  type StoredWorker,
} from './queue-backend.js';
import { oldestWaiting } from './redis-oldest.js';

/** Where the queues of one service lie in Redis. */
export interface RedisQueueBackendOptions {
  /** `redis://` URL of a server with `maxmemory-policy noeviction`. */
  readonly url: string;
  readonly service: string;
  /** First part of every key. @default 'bull' (what other BullMQ programs use) */
  readonly prefix?: string;
  readonly onFault?: (error: Error) => void;
  /** Told at opening what about the server is allowed but unwise, e.g. that a restart loses jobs. */
  readonly onWarning?: (finding: RedisFinding) => void;
}

/** BullMQ on Redis: one connection for producers, one for workers' commands, one more per worker that blocks. */
export class RedisQueueBackend extends QueueBackend {
  override readonly kind = 'redis';
  private readonly bull = withBackend(createRedisBackend);
  private readonly producer: Redis;
  private worker: Redis | undefined;

  /** @throws redis_url_invalid */
  constructor(private readonly options: RedisQueueBackendOptions) {
    super();
    this.producer = this.connect('request');
  }

  private get prefix(): string {
    return this.options.prefix ?? 'bull';
  }

  override openQueue(name: string): StoredQueue {
    const options = { connection: this.producer, prefix: this.prefix };
    return new this.bull.Queue<unknown, unknown>(name, options);
  }

  override openWorker(
    name: string,
    processor: Processor<unknown, unknown, string>,
    options: OpenWorkerOptions,
  ): StoredWorker {
    this.worker ??= this.connect('worker');
    return new this.bull.Worker<unknown, unknown>(name, processor, {
      ...workerSettings(options),
      connection: this.worker,
      prefix: this.prefix,
    });
  }

  override oldestWaitingSinceMs(name: string): Promise<number | undefined> {
    return oldestWaiting(this.producer, `${this.prefix}:${name}`);
  }

  /** All services share one server and prefix. */
  override of(): QueueBackend {
    return this;
  }

  override ping(): Promise<void> {
    return pingRedis(this.producer);
  }

  /**
   * Looks at the server once. @throws queue_store_unfit when it may drop jobs or is too old;
   * shared_state_unavailable
   */
  async checkServer(): Promise<void> {
    await pingRedis(this.producer, 5000);
    const findings = await inspectRedis(this.producer, 'queue');
    const fatal = findings.filter(({ severity }) => severity === 'error');
    if (fatal.length > 0) {
      throw errors.queue_store_unfit(
        fatal.map(({ problem, fix }) => `${problem} ${fix}`).join(' '),
      );
    }
    for (const finding of findings) this.options.onWarning?.(finding);
  }

  override async close(): Promise<void> {
    const opened = [this.producer, this.worker].filter((redis) => redis !== undefined);
    await Promise.all(opened.map((redis) => closeRedis(redis)));
  }

  private connect(use: 'request' | 'worker'): Redis {
    return connectRedis({
      url: this.options.url,
      use,
      name: `kiki-${this.options.service}-queue`,
      timeoutMs: 5000,
      ...(this.options.onFault ? { onFault: this.options.onFault } : {}),
    });
  }
}

/**
 * Opens the queues of a service on a Redis that may hold them. @throws redis_url_invalid, queue_store_unfit,
 * shared_state_unavailable
 */
export async function openRedisQueueBackend(
  options: RedisQueueBackendOptions,
): Promise<RedisQueueBackend> {
  const backend = new RedisQueueBackend(options);
  try {
    await backend.checkServer();
    return backend;
  } catch (error) {
    await backend.close();
    throw error;
  }
}
