import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { DeliverEvents } from '../../application/money-out/deliver-events.js';

/** Delivers events beside the requests; any number of processes may run one. */
export class EventDeliverer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly deliver: DeliverEvents,
    private readonly close: () => Promise<unknown>,
  ) {}

  onApplicationBootstrap(): void {
    this.deliver.start();
  }

  /** Lets attempts that are under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.deliver.stop();
    await this.close();
  }
}
