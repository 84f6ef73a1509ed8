import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RunPrivacyRequests } from '../../application/privacy/run-privacy-requests.js';

/** Carries requests of data subjects on; any number of processes may run one. */
export class PrivacyRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly requests: RunPrivacyRequests,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  /** Lets requests that are under way finish their step. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const count = await this.requests.execute().catch((error: unknown) => {
        this.logger.warn('requests of data subjects were interrupted, will retry', { error });
        return 0;
      });
      if (count === 0) await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }
}
