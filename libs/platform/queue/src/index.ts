export * from './bull-queues.js';
export { errors as queueErrors } from './errors.js';
export * from './ports.js';
export {
  openPostgresQueueBackend,
  PostgresQueueBackend,
  type PostgresQueueBackendOptions,
} from './postgres-queue-backend.js';
export { QueueBackend, type WorkerTimings } from './queue-backend.js';
export {
  openRedisQueueBackend,
  RedisQueueBackend,
  type RedisQueueBackendOptions,
} from './redis-queue-backend.js';
