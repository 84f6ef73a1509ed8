import type { Metrics } from '@kiki/metrics';
import { DeliveryMeter, IntakeMeter } from '../../application/meters.js';
import type { EngageEvent } from '../../domain/event.js';
import type { MessageState } from '../../domain/message.js';

/** Counts events by what became of them and by how late they came. */
export class PrometheusIntakeMeter extends IntakeMeter {
  private readonly events;
  private readonly timings;

  constructor(metrics: Metrics) {
    super();
    this.events = metrics.counter({
      name: 'events_total',
      help: 'Events by what became of them.',
      labelNames: ['result'],
    });
    this.timings = metrics.counter({
      name: 'event_timings_total',
      help: 'Events by how their time compares with their arrival.',
      labelNames: ['timing'],
    });
  }

  override taken(
    events: readonly EngageEvent[],
    counts: { readonly accepted: number; readonly duplicates: number; readonly errors: number },
  ): void {
    this.events.inc({ result: 'accepted' }, counts.accepted);
    this.events.inc({ result: 'duplicate' }, counts.duplicates);
    this.events.inc({ result: 'refused' }, counts.errors);
    for (const { timing } of events) this.timings.inc({ timing });
  }
}

/** Counts messages by how an attempt ended. */
export class PrometheusDeliveryMeter extends DeliveryMeter {
  private readonly messages;

  constructor(metrics: Metrics) {
    super();
    this.messages = metrics.counter({
      name: 'messages_total',
      help: 'Messages by how an attempt ended.',
      labelNames: ['state', 'reason'],
    });
  }

  override decided(state: MessageState | 'retried', reason = ''): void {
    this.messages.inc({ state, reason });
  }
}
