import { DomainError, uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { LeaseLane } from './lease-lane.js';
import type { LeaseSettings } from './lease-settings.js';
import { LeaseSlice } from './lease-slice.js';
import type { JournalWriter } from './lease-writer.js';
import type { LeaseAsk, LeaseDecision, LeaseGrant, LeaseTransport } from './lease-types.js';

type LeaseNo = Extract<LeaseDecision, { readonly isGranted: false }>;

/** What asking needs. */
export interface AskingTools {
  readonly transport: LeaseTransport;
  readonly writer: JournalWriter;
  readonly clock: Clock;
  readonly random: Random;
}

/** What came of it. */
export interface AskingEvents {
  granted(lane: LeaseLane, slice: LeaseSlice): void;
  /** The lease may exist, but nothing will be spent of it. */
  useless(leaseId: string): void;
  /** There is no such lease, nor will there be. */
  refused(leaseId: string): void;
}

/** Asks for slices: again with the same id until there is an answer or it would be of no use. */
export class LeaseAsking {
  asks = 0;
  grants = 0;
  failures = 0;
  grantedMicros = 0n;

  constructor(
    private readonly nodeId: string,
    private readonly tools: AskingTools,
    private readonly settings: LeaseSettings,
    private readonly events: AskingEvents,
  ) {}

  /** Asks for one slice of a lane; never throws. */
  async ask(
    lane: LeaseLane,
    wanted: { readonly askMicros: bigint; readonly atLeastMicros: bigint },
  ): Promise<void> {
    lane.isAsking = true;
    const { clock, random, writer } = this.tools;
    const { nodeId } = this;
    const id = uuidv7(clock, random);
    const ask: LeaseAsk = { id, nodeId, budgetId: lane.budgetId, epoch: lane.epoch, ...wanted };
    try {
      if (await writer.announce(id)) await this.insist(lane, ask);
      else lane.failed(clock.monotonicMs());
    } finally {
      lane.isAsking = false;
    }
  }

  /** The time of a slice runs from before its first request: any of them may be the one decided. */
  private async insist(lane: LeaseLane, ask: LeaseAsk): Promise<void> {
    const { clock, transport } = this.tools;
    const sentMs = clock.monotonicMs();
    for (let pauseMs = this.settings.backoffMs; ; pauseMs *= 2) {
      this.asks++;
      try {
        const decision = await transport.acquire(ask);
        if (decision.isGranted) return this.granted(lane, decision.grant, sentMs);
        // An earlier request of the same id that got no answer may still be on its way.
        if (pauseMs === this.settings.backoffMs) this.events.refused(ask.id);
        else this.events.useless(ask.id);
        return this.refused(lane, decision);
      } catch (error) {
        this.failures++;
        const isLate = clock.monotonicMs() + pauseMs - sentMs > this.settings.askForMs;
        if (isLate || !DomainError.is(error) || !error.isRetryable) {
          this.events.useless(ask.id);
          return lane.failed(clock.monotonicMs(), retryAfterMs(error));
        }
        await clock.sleep(Math.max(pauseMs, retryAfterMs(error)));
      }
    }
  }

  private refused(lane: LeaseLane, { reason, epoch }: LeaseNo): void {
    // Before our first slice the higher epoch is an earlier start of this node, its clock ahead.
    const isEarlierStart = reason === 'epoch_stale' && !lane.hasHadSlice && epoch >= lane.epoch;
    if (isEarlierStart) lane.epoch = epoch + 1;
    else lane.refused(reason, this.tools.clock.monotonicMs());
  }

  private granted(lane: LeaseLane, grant: LeaseGrant, sentMs: number): void {
    this.grants++;
    this.grantedMicros += grant.grantedMicros;
    const { ttlMs, unreportedMicros } = grant;
    const stopMs = sentMs + ttlMs - this.settings.marginMs;
    const stepMicros = this.tools.writer.stepOf(unreportedMicros);
    const { budgetId } = lane;
    this.events.granted(lane, new LeaseSlice({ ...grant, budgetId, stopMs, stepMicros }));
  }
}

function retryAfterMs(error: unknown): number {
  return DomainError.is(error) ? (error.details.retryAfterMs ?? 0) : 0;
}
