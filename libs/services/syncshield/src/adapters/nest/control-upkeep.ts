import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Approvals } from '../../application/approvals.js';
import type { SpendLearning } from '../../application/spend-learning.js';

/** Closes approvals that nobody decided and lets rules learn; any number of processes may run one. */
export class ControlUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly approvals: Approvals,
    private readonly learning: SpendLearning,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  /** Lets a pass that is under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const hasMore = await this.pass();
      if (!hasMore) await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async pass(): Promise<boolean> {
    try {
      await this.approvals.expireDue();
      return await this.learning.learn();
    } catch (error) {
      this.logger.warn('upkeep of policies failed, will retry', { error });
      return false;
    }
  }
}
