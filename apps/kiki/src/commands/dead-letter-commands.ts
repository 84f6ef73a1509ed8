import {
  choiceOption,
  defineCommand,
  integerOption,
  textOption,
  type AnyCliCommand,
} from '@kiki/cli';
import type { Environment } from '@kiki/config';
import {
  BullQueues,
  openPostgresQueueBackend,
  RedisQueueBackend,
  type JobQueue,
} from '@kiki/queue';
import { withInstallation, type Installation } from '../installation/installation.js';

const SERVICES = ['syncvalue', 'syncshield', 'syncflow', 'syncengage', 'synccreate'] as const;

const queueOptions = {
  service: choiceOption('--service <name>', 'whose queue', SERVICES, 'syncflow'),
  queue: textOption('--queue <name>', 'its name within the service', 'bids'),
};

/** `kiki dead-letters …`: jobs that gave up or were refused. */
export function deadLetterCommands(environment: Environment): AnyCliCommand[] {
  return [
    defineCommand({
      path: 'dead-letters list',
      summary: 'List jobs that gave up or were refused, newest first',
      options: {
        ...queueOptions,
        limit: integerOption('--limit <n>', 'at most so many', { min: 1, max: 1000, fallback: 20 }),
      },
      run: ({ options, report }) =>
        withQueue(environment, options, async (queue) => {
          const letters = await queue.deadLetters(options.limit);
          report.result({ deadLetters: letters }, () =>
            report.table(
              ['id', 'job', 'tenant', 'reason', 'attempts', 'at'],
              letters.map((l) => [l.id, l.name, l.tenant, l.reason, l.attempts, l.failedAt]),
            ),
          );
        }),
    }),
    defineCommand({
      path: 'dead-letters replay',
      summary: 'Put a dead letter back into its queue; its signature is checked again',
      args: [{ name: '<id>', summary: 'as `dead-letters list` shows it' }],
      options: queueOptions,
      run: ({ args, options, report }) =>
        withQueue(environment, options, async (queue) => {
          const id = args[0] ?? '';
          await queue.replay(id);
          report.result({ id }, () => report.say(`Job ${id} is back in the queue.`));
        }),
    }),
  ];
}

interface QueueChoice {
  readonly service: string;
  readonly queue: string;
}

function withQueue(
  environment: Environment,
  { service, queue }: QueueChoice,
  work: (queue: JobQueue<unknown>) => Promise<void>,
): Promise<void> {
  return withInstallation(environment, async (installation) => {
    const backend = await openBackend(installation, service);
    const signer = installation.auth.payloadSigner('kiki');
    const queues = new BullQueues({ service, backend, signer });
    try {
      await work(queues.queue(queue));
    } finally {
      await queues.close(0);
    }
  });
}

function openBackend({ shared, connection }: Installation, service: string) {
  if (shared.redisUrl !== undefined) {
    const onFault = (): void => undefined;
    return new RedisQueueBackend({ url: shared.redisUrl, service, onFault });
  }
  return openPostgresQueueBackend({ connection: { ...connection }, service, maxConnections: 3 });
}
