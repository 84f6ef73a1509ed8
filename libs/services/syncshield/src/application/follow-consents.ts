import type { Clock } from '@kiki/kernel';
import type { ConsentChanges, ConsentRegistry } from './consent-registry.js';

/** How often a waiting call looks, milliseconds: other processes write too. */
const LOOK_EVERY_MS = 50;

/** Changes, and how long was waited for them. */
export interface FollowedConsents extends ConsentChanges {
  /** The last look was so long after the call came, milliseconds, rounded down. */
  readonly waitedMs: number;
}

/** The feed of changes: answers at once when there are any, else when some come or the time is over. */
export class FollowConsents {
  private readonly stopping = new AbortController();

  constructor(
    private readonly registry: ConsentRegistry,
    private readonly clock: Clock,
  ) {}

  /** Ends the calls that wait. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** @throws unavailable */
  async execute(
    tenant: string,
    after: bigint | undefined,
    { waitMs, limit }: { readonly waitMs: number; readonly limit: number },
  ): Promise<FollowedConsents> {
    const startedMs = this.clock.monotonicMs();
    const { signal } = this.stopping;
    for (;;) {
      const waitedMs = Math.floor(this.clock.monotonicMs() - startedMs);
      const changes = await this.registry.changes(tenant, after, limit);
      const isOver = after === undefined || waitedMs >= waitMs || signal.aborted;
      if (changes.items.length > 0 || isOver) return { ...changes, waitedMs };
      const restMs = Math.max(1, Math.min(LOOK_EVERY_MS, waitMs - waitedMs));
      await this.clock.sleep(restMs, signal).catch(() => undefined);
    }
  }
}
