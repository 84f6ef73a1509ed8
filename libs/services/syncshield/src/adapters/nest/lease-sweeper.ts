import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { CloseLeases } from '../../application/close-leases.js';

/** Closes the leases of silent nodes; any number of processes may run one. */
export class LeaseSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly leases: CloseLeases,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = this.run();
  }

  /** Lets a pass that is under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.sweeping;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const hasMore = await this.sweep();
      if (!hasMore) await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async sweep(): Promise<boolean> {
    try {
      return await this.leases.execute();
    } catch (error) {
      this.logger.warn('closing leases failed, will retry', { error });
      return false;
    }
  }
}
