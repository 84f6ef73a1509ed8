/** A worker process that takes a job, says so, and never finishes it; to be killed. */
import { BullQueues } from './bull-queues.js';
import { FixedKeysSigner } from './fixed-keys.fixture.js';
import { openPostgresQueueBackend } from './postgres-queue-backend.js';
import { RedisQueueBackend } from './redis-queue-backend.js';

const { url, connection, service, queue, timings } = JSON.parse(process.argv[2] ?? '{}') as {
  url?: string;
  connection: object;
  service: string;
  queue: string;
  timings: { lockMs: number; stalledCheckMs: number };
};
const backend =
  url === undefined
    ? await openPostgresQueueBackend({ connection, service })
    : new RedisQueueBackend({ url, service });
const queues = new BullQueues({
  ...{ service, backend, timings },
  signer: new FixedKeysSigner(),
  scope: 'flow:write',
});
await queues.queue(queue).work((job) => {
  process.stdout.write(`took ${job.id}\n`);
  return new Promise(() => undefined);
});
