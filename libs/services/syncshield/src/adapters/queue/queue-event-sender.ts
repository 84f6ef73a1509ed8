import { DomainError } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import type { JobQueue, Queues } from '@kiki/queue';
import {
  EventSender,
  type Delivery,
  type DeliveryOutcome,
} from '../../application/money-out/outbox.js';
import { eventMessage, type EventMessage, type StoredEvent } from '../../domain/money-out/event.js';

/** The queue of SyncFlow that takes them; its producers' keys need the scope `shield:write`. */
export const BUDGET_EVENTS_QUEUE = 'budget-events';

/** Budgets of one job. */
const CHUNK = 2_000;

/** What a job carries: the event, and every budget that it concerns; `*` is all of the tenant. */
export type BudgetEventJob = EventMessage & { readonly budgetIds: readonly string[] };

/** Puts events into the queue that SyncFlow works on; jobs are known by the event, so a repetition adds none. */
export class QueueEventSender extends EventSender {
  private readonly queue: JobQueue<BudgetEventJob>;

  constructor(
    queues: Queues,
    private readonly database: Database,
  ) {
    super();
    this.queue = queues.queue<BudgetEventJob>(BUDGET_EVENTS_QUEUE, { service: 'syncflow' });
  }

  override async send({ event }: Delivery): Promise<DeliveryOutcome> {
    try {
      const budgetIds = await this.concerned(event);
      for (let at = 0; at < budgetIds.length; at += CHUNK) {
        const data = { ...eventMessage(event), budgetIds: budgetIds.slice(at, at + CHUNK) };
        await this.queue.add(event.tenant, event.type, data, { id: `${event.seq}-${at}` });
      }
      return { isDelivered: true };
    } catch (error) {
      return { isDelivered: false, error: DomainError.is(error) ? error.code : 'queue' };
    }
  }

  /** The budget and everything below it. */
  private async concerned({ tenant, budgetId }: StoredEvent): Promise<string[]> {
    if (budgetId === undefined) return ['*'];
    const rows = await this.database.query<{ id: string }>(
      `WITH RECURSIVE below AS (
         SELECT budget_no, id FROM budgets WHERE tenant = $1 AND id = $2
         UNION ALL
         SELECT b.budget_no, b.id FROM below p JOIN budgets b ON b.parent_no = p.budget_no
       )
       SELECT id FROM below`,
      [tenant, budgetId],
    );
    return rows.map(({ id }) => id);
  }
}
