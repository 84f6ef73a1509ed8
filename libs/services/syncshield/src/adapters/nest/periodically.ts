import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** Something that is done again and again beside the requests. */
export interface PeriodicTask {
  /** What it is called in the log. */
  readonly name: string;
  readonly everyMs: number;
  /** True when more is waiting: then the next pass follows at once. */
  run(signal: AbortSignal): Promise<unknown>;
  /** The first pass waits its time too. @default false */
  readonly isLate?: boolean;
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

  /** Lets passes that are under way finish. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private async repeat(task: PeriodicTask): Promise<void> {
    const { signal } = this.stopping;
    if (task.isLate === true) await this.pause(task);
    while (!signal.aborted) {
      const hasMore = await this.pass(task);
      if (!hasMore) await this.pause(task);
    }
  }

  private async pass({ name, run }: PeriodicTask): Promise<boolean> {
    const { signal } = this.stopping;
    try {
      return (await run(signal)) === true;
    } catch (error) {
      if (!signal.aborted) this.logger.warn(`${name} failed, will be repeated`, { error });
      return false;
    }
  }

  private async pause({ everyMs }: PeriodicTask): Promise<void> {
    await this.clock.sleep(everyMs, this.stopping.signal).catch(() => undefined);
  }
}
