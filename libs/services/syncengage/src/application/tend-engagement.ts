import type { Clock } from '@kiki/kernel';
import type { Journeys } from './journeys.js';
import type { Messages } from './messages.js';
import type { EngageJobs, Segments } from './segments.js';
import type { SettleMessages } from './settle-messages.js';

/** How long things may take before they count as left behind, milliseconds. */
export interface TendingPolicy {
  /** Longer than any live attempt at a mail. */
  readonly sendingLeaseMs: number;
  /** Longer than a run or refresh goes without writing progress. */
  readonly stalledAfterMs: number;
}

/**
 * Picks up what a crashed process left: mails in `sending` become `unknown` (and are paid for,
 * never resent), holds of finished messages are settled, runs and refreshes that nobody works on go
 * back into the queue.
 */
export class TendEngagement {
  constructor(
    private readonly stores: {
      readonly messages: Messages;
      readonly journeys: Journeys;
      readonly segments: Segments;
    },
    private readonly settle: SettleMessages,
    private readonly jobs: EngageJobs,
    private readonly clock: Clock,
    private readonly policy: TendingPolicy,
  ) {}

  /** @throws unavailable */
  async execute(): Promise<void> {
    const { messages, journeys, segments } = this.stores;
    const now = this.clock.now();
    const ago = (ms: number): Date => new Date(now.getTime() - ms);
    const stalled = ago(this.policy.stalledAfterMs);
    await messages.giveUpSending(ago(this.policy.sendingLeaseMs), now);
    for (const { tenant, id } of await journeys.takeStalledRuns(stalled, now)) {
      await this.jobs.runJourney(tenant, id);
    }
    for (const { tenant, id } of await segments.takeStalled(stalled, now)) {
      await this.jobs.refreshSegments(tenant, id);
    }
    await this.settle.execute();
  }
}
