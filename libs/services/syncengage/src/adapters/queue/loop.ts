import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';

/** Something that is done again and again. */
export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Runs its work, waits, runs it again; a failure is logged and left to the next turn. */
export class Loop {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: LoopOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running ??= this.turn();
  }

  /** Waits for the turn that is going on. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async turn(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.options.work();
      } catch (error) {
        const code = DomainError.is(error) ? error.code : undefined;
        this.logger.warn(`${this.options.name} failed, will retry`, { code, error });
      }
      await this.clock.sleep(this.options.everyMs, signal).catch(() => undefined);
    }
  }
}
