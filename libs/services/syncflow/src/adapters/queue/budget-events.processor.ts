import { wireId } from '@kiki/http';
import { kernelErrors } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import { Queues, type Job } from '@kiki/queue';
import { z } from 'zod';
import type { BudgetStops } from '../../application/budget-stops.js';

/** Name of the queue that SyncShield tells about budgets in. */
export const BUDGET_EVENTS_QUEUE = 'budget-events';

/** An event of SyncShield; what later versions add is no reason to miss it. */
const BudgetEventPayload = z.object({
  seq: z.int().min(1),
  type: z.string(),
  budgetId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  budgetIds: z.array(z.union([z.literal('*'), wireId('Id of a budget.')])),
});

/** Takes what SyncShield tells about budgets; only keys that may spend from budgets may say so. */
export class BudgetEventsProcessor {
  private readonly events;

  constructor(
    private readonly queues: Queues,
    private readonly stops: BudgetStops,
    metrics: Metrics,
  ) {
    this.events = metrics.counter({
      name: 'budget_events_total',
      help: 'Events about budgets that SyncShield told, by type.',
      labelNames: ['type'],
    });
  }

  /** Starts the worker. */
  async start(): Promise<void> {
    const queue = this.queues.queue(BUDGET_EVENTS_QUEUE, { scope: 'shield:write' });
    await queue.work((job) => this.process(job), { concurrency: 1 });
  }

  /** Nothing to do: the host drains the queues before it closes the application. */
  stop(): void {}

  private async process({ tenant, data }: Job<unknown>): Promise<void> {
    const parsed = BudgetEventPayload.safeParse(data);
    if (!parsed.success) {
      throw kernelErrors.invalid_request('The event has the wrong shape.', {
        fields: parsed.error.issues.map(({ path, message }) => ({
          ...{ field: path.join('.'), expected: message },
        })),
      });
    }
    const { budgetIds, ...event } = parsed.data;
    await this.stops.apply(tenant, event, budgetIds);
    this.events.inc({ type: event.type });
  }
}
