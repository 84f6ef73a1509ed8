import type { Logger } from '@kiki/logging';
import type { ConsentOutbox, ConsentSink, ForwardOutcome } from './consent-outbox.js';

const WORDS = 500;
const SIGNALS = 100;

/**
 * Tells SyncShield's consent registry what customers said about mail and what their browsers ask for, in the order it
 * was said. A row is done only when SyncShield has answered for it; told twice it counts once.
 */
export class ForwardConsents {
  constructor(
    private readonly outbox: ConsentOutbox,
    private readonly sink: ConsentSink,
    private readonly logger: Logger,
  ) {}

  /** Sends what is due; returns how many rows were answered for. A tenant that fails does not stop the others. */
  async execute(): Promise<number> {
    let answered = 0;
    for (const tenant of await this.outbox.tenants()) {
      try {
        answered += (await this.words(tenant)) + (await this.signals(tenant));
      } catch (error) {
        this.logger.warn('consent could not be forwarded, will retry', { tenant, error });
      }
    }
    return answered;
  }

  private async words(tenant: string): Promise<number> {
    let answered = 0;
    for (;;) {
      const outcomes = await this.outbox.forwardWords(tenant, WORDS, (due) =>
        this.sink.words(tenant, due),
      );
      if (outcomes.length === 0) return answered;
      this.warn(tenant, outcomes);
      answered += outcomes.length;
    }
  }

  private async signals(tenant: string): Promise<number> {
    let answered = 0;
    for (;;) {
      const outcomes = await this.outbox.forwardSignals(tenant, SIGNALS, (due) =>
        this.sink.signals(tenant, due),
      );
      if (outcomes.length === 0) return answered;
      this.warn(tenant, outcomes);
      answered += outcomes.length;
    }
  }

  private warn(tenant: string, outcomes: readonly ForwardOutcome[]): void {
    const codes = outcomes.filter((code) => code !== undefined);
    if (codes.length === 0) return;
    const codesOnce = [...new Set(codes)];
    this.logger.warn('SyncShield refused consent records', {
      ...{ tenant, count: codes.length, codes: codesOnce },
    });
  }
}
