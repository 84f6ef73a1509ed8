import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** Something that is done again and again beside the requests. */
export interface PeriodicTask {
  /** What it is called in the log. */
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
}

/** Runs tasks, each at its own pace; one that fails is tried again when it is due next. */
export class Periodically implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: readonly Promise<void>[] = [];

  constructor(
    private readonly tasks: readonly PeriodicTask[],
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.tasks.map((task) => this.repeat(task));
  }

  /** Lets what is under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private async repeat({ name, everyMs, run }: PeriodicTask): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await run().catch((error: unknown) => {
        if (!signal.aborted) this.logger.warn(`${name} failed, will be repeated`, { error });
      });
      await this.clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }
}
