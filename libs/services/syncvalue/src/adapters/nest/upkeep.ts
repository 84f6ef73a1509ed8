import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** One thing that is done again and again; a failure is logged and tried again next time. */
export interface Chore {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** What a chore did last; anybody may see it, so what an error says of tenants and customers stays in the log. */
export interface ChoreState {
  readonly lastDoneAt: string | undefined;
  readonly lastErrorCode: string | undefined;
}

/** Runs each chore in a loop of its own, beside the requests, until the application goes. */
export class Upkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly states = new Map<string, ChoreState>();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly chores: readonly Chore[],
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** By name of the chore. */
  get report(): Record<string, ChoreState> {
    return Object.fromEntries(this.states);
  }

  onApplicationBootstrap(): void {
    this.running = Promise.all(this.chores.map((chore) => this.loop(chore)));
  }

  /** Ends what is under way: chores leave nothing half done. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async loop(chore: Chore): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.once(chore, signal);
      await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async once(chore: Chore, signal: AbortSignal): Promise<void> {
    const last = this.states.get(chore.name);
    try {
      await chore.run(signal);
      const lastDoneAt = this.clock.now().toISOString();
      this.states.set(chore.name, { lastDoneAt, lastErrorCode: undefined });
    } catch (error) {
      if (signal.aborted) return;
      this.logger.warn(`${chore.name} failed, will be tried again`, { error });
      const lastErrorCode = DomainError.is(error) ? error.code : 'internal';
      this.states.set(chore.name, { lastDoneAt: last?.lastDoneAt, lastErrorCode });
    }
  }
}
