import type { Clock, Random } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import { retryDelayMs, type RetrySchedule } from '../../domain/money-out/retry-schedule.js';
import type { DeliveryObserver } from './delivery-observer.js';
import {
  laneOf,
  type AttemptedDelivery,
  type Delivery,
  type EventSender,
  type Outbox,
} from './outbox.js';

/** What delivering is made of. */
export interface DeliverEventsParts {
  readonly outbox: Outbox;
  readonly webhooks: EventSender;
  readonly queue: EventSender;
  readonly observer: DeliveryObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How events are delivered. */
export interface DeliverOptions {
  readonly schedule: RetrySchedule;
  /** Longest time of one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** How often is looked when nothing was announced, milliseconds. */
  readonly pollMs: number;
}

/** Receivers that are served side by side, events of one that are taken at once, and calls to it at a time. */
const LANES = 32;
/** Of them, for receivers to which nothing gets through: the others always find one. */
const FAILING_LANES = 16;
const PER_LANE = 48;
const CALLS = 16;
const SLACK_MS = 5_000;

/**
 * Brings events to their receivers, at least once: a receiver gets those of one budget one after the other, in order
 * but for those that have to be repeated; budgets side by side; and a slow receiver keeps nobody else waiting.
 */
export class DeliverEvents {
  private readonly stopping = new AbortController();
  private readonly lanes = new Map<string, Promise<void>>();
  private readonly failing = new Set<string>();
  private running: Promise<void> | undefined;
  private freed = Promise.withResolvers<void>();

  constructor(
    private readonly parts: DeliverEventsParts,
    private readonly options: DeliverOptions,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Lets attempts that are under way finish; the rest is given back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.lanes.values());
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { outbox, logger } = this.parts;
    while (!signal.aborted) {
      try {
        const claimed = await this.claim();
        if (claimed.length === 0) await this.wait();
        else this.open(claimed);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('events could not be read for delivery, will retry', { error });
        await outbox.wait(this.options.pollMs, signal).catch(() => undefined);
      }
    }
  }

  private claim(): Promise<Delivery[]> {
    const lanes = LANES - this.lanes.size;
    if (lanes <= 0) return Promise.resolve([]);
    return this.parts.outbox.claim({
      ...{ busy: new Set(this.lanes.keys()), lanes, perLane: PER_LANE },
      failingLanes: FAILING_LANES - this.failing.size,
      leaseMs: Math.ceil(PER_LANE / CALLS) * this.options.timeoutMs + SLACK_MS,
    });
  }

  /** Until something is announced, a lane is free again, or it is time to look. */
  private async wait(): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, ended.signal]);
    const told = this.parts.outbox.wait(this.options.pollMs, signal).catch(() => undefined);
    await Promise.race([told, this.freed.promise]);
    ended.abort();
    await told;
  }

  private open(claimed: readonly Delivery[]): void {
    for (const [lane, deliveries] of Map.groupBy(claimed, laneOf)) {
      if ((deliveries[0]?.webhook?.failures ?? 0) > 0) this.failing.add(lane);
      const work = this.work(deliveries).finally(() => {
        this.lanes.delete(lane);
        this.failing.delete(lane);
        this.freed.resolve();
        this.freed = Promise.withResolvers();
      });
      this.lanes.set(lane, work);
    }
  }

  private async work(deliveries: readonly Delivery[]): Promise<void> {
    const { outbox, logger } = this.parts;
    const groups = [...Map.groupBy(deliveries, ({ event }) => event.budgetId ?? '').values()];
    const attempted: AttemptedDelivery[] = [];
    const serve = async (): Promise<void> => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        for (const delivery of group) {
          if (this.stopping.signal.aborted) return;
          attempted.push(await this.attempt(delivery));
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: CALLS }, serve));
      await this.settle(attempted);
      const done = new Set(attempted.map(({ delivery }) => delivery));
      await outbox.release(deliveries.filter((delivery) => !done.has(delivery)));
    } catch (error) {
      logger.warn('events could not be settled; they will be delivered again', { error });
    }
  }

  private async attempt(delivery: Delivery): Promise<AttemptedDelivery> {
    const { webhooks, queue, random } = this.parts;
    const sender = delivery.webhook === undefined ? queue : webhooks;
    const outcome = await sender.send(delivery, AbortSignal.timeout(this.options.timeoutMs));
    const retryInMs = outcome.isGone
      ? undefined
      : retryDelayMs(this.options.schedule, delivery.attempt, random.nextDouble());
    return { delivery, outcome, retryInMs };
  }

  private async settle(attempted: readonly AttemptedDelivery[]): Promise<void> {
    const { outbox, observer, clock, logger } = this.parts;
    const atMs = clock.nowMs();
    const settled = attempted.length === 0 ? [] : await outbox.settle(attempted);
    for (const [index, result] of settled.entries()) {
      const delivery = attempted[index]?.delivery;
      if (delivery !== undefined) observer.delivered(result, delivery, atMs - delivery.event.atMs);
    }
    if (settled.some(({ isDisabled }) => isDisabled)) {
      const id = attempted[0]?.delivery.webhook?.id;
      logger.warn('a webhook was disabled: what is sent to it fails', { id });
    }
  }
}
