import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Retention } from '../../application/privacy/retention.js';

/** Deletes what is over its time, every now and then; two processes that do it at once do it once. */
export class RetentionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly retention: Retention,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeping = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.sweeping;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    // Not at once: a start is busy enough.
    await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    while (!signal.aborted) {
      await this.sweep().catch((error: unknown) => {
        this.logger.warn('a retention sweep was interrupted, will retry', { error });
      });
      await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async sweep(): Promise<void> {
    for (const tenant of await this.retention.tenants()) {
      if (this.stopping.signal.aborted) return;
      await this.retention.sweep(tenant, { isDryRun: false, actor: 'syncshield' });
    }
  }
}
