import type { LiveChannels } from '@kiki/auth';
import { DomainError, uuidv7, type Clock, type Random } from '@kiki/kernel';
import { armOf } from '../domain/holdout.js';
import type { Journey, JourneyRun } from '../domain/journey.js';
import type { FrequencyCap } from '../domain/suppression.js';
import { errors } from '../errors.js';
import type { Journeys } from './journeys.js';
import type { Messages } from './messages.js';
import type { RefreshSegments } from './refresh-segments.js';
import type { Segments } from './segments.js';
import { EMAIL_CHANNEL, type SendMessages } from './send-messages.js';
import type { SettleMessages } from './settle-messages.js';

const ASSIGN_CHUNK = 2_000;
const SEND_CHUNK = 200;
/** When a run whose messages are not all decided looks again, milliseconds. */
const LOOK_AGAIN_MS = 5_000;

/** What running a journey works with. */
export interface RunTools {
  readonly journeys: Journeys;
  readonly segments: Segments;
  readonly messages: Messages;
  readonly liveChannels: LiveChannels;
  readonly refresh: RefreshSegments;
  readonly send: SendMessages;
  readonly settle: SettleMessages;
}

/** How a run reports and is stopped. */
export interface RunControl {
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => Promise<void>;
}

/** Rules of all journeys of the installation. */
export interface JourneyPolicy {
  readonly isOptInRequired: boolean;
  /** For tenants without one of their own. */
  readonly defaultCap: FrequencyCap;
}

/**
 * Runs a journey: everybody in its segment is assigned to an arm once and for ever, then each is
 * suppressed with a reason or messaged. May be called again at any point, after a crash too: every
 * step finds what the last one committed.
 */
export class RunJourney {
  constructor(
    private readonly tools: RunTools,
    private readonly time: { readonly clock: Clock; readonly random: Random },
    private readonly policy: JourneyPolicy,
  ) {}

  /** @throws messages_in_flight, smtp_unavailable, unavailable: not over yet, call again */
  async execute(tenant: string, runId: string, control: RunControl = {}): Promise<void> {
    const { journeys } = this.tools;
    const run = await journeys.findRun(tenant, runId);
    if (run === undefined) throw errors.run_not_found();
    if (run.state !== 'queued' && run.state !== 'running') return;
    const journey = await journeys.find(tenant, run.journeyId);
    if (journey === undefined) throw errors.journey_not_found();
    await this.mark(run, { state: 'running' });
    const blocked = await this.blockedBecause(tenant);
    if (blocked !== undefined) return this.mark(run, { state: 'blocked', reason: blocked });
    await this.assignNewcomers(journey, run);
    await this.decideAll(journey, run, control);
    await this.tools.settle.execute();
    if ((await this.tools.messages.countOpen(tenant, journey.id)) > 0) {
      throw errors.messages_in_flight(undefined, { retryAfterMs: LOOK_AGAIN_MS });
    }
    await this.mark(run, { state: 'done' });
  }

  /** Nobody is messaged by a segment that SyncValue did not vouch for lately. */
  private async blockedBecause(tenant: string): Promise<string | undefined> {
    try {
      await this.tools.refresh.ensureFresh(tenant);
      return undefined;
    } catch (error) {
      if (!DomainError.is(error)) throw error;
      return `segment_not_fresh:${error.code}`;
    }
  }

  private async assignNewcomers(journey: Journey, run: JourneyRun): Promise<void> {
    const { tenant, salt } = journey;
    const freshSince = this.tools.refresh.freshSince();
    for (;;) {
      const members = await this.tools.segments.newcomers(
        tenant,
        journey,
        freshSince,
        ASSIGN_CHUNK,
      );
      if (members.length === 0) return;
      const assignments = members.map((member) => ({
        ...member,
        arm: armOf(
          { tenant, journeyId: journey.id, customerId: member.customerId, salt },
          journey.holdoutShare,
        ),
      }));
      const now = this.time.clock.now();
      await this.tools.journeys.assign(tenant, journey.id, run.id, assignments, now);
    }
  }

  private async decideAll(
    journey: Journey,
    run: JourneyRun,
    { signal, progress }: RunControl,
  ): Promise<void> {
    const { journeys, messages } = this.tools;
    const open = await journeys.countOpen(journey.tenant, journey.id, run.id);
    let processed = run.processed;
    const total = processed + open;
    for (;;) {
      signal?.throwIfAborted();
      // Read again each time: a journey that is paused stops at the next chunk.
      const current = (await journeys.find(journey.tenant, journey.id)) ?? journey;
      const { considered } = await this.planChunk(current, run);
      const due = await messages.due(journey.tenant, journey.id, this.time.clock.now(), SEND_CHUNK);
      if (considered === 0 && due.length === 0) return;
      if (due.length > 0) await this.tools.send.execute(current, due, signal);
      await this.tools.settle.execute();
      processed += considered;
      await this.mark(run, { state: 'running', total, processed });
      await progress?.(total === 0 ? 1 : Math.min(1, processed / total));
    }
  }

  private async planChunk(journey: Journey, run: JourneyRun): Promise<{ considered: number }> {
    const { clock, random } = this.time;
    const { tenant } = journey;
    const rules = {
      isOptInRequired: this.policy.isOptInRequired,
      isActive: journey.isActive,
      isLive: await this.tools.liveChannels.isLive(tenant, EMAIL_CHANNEL),
      cap: (await this.tools.journeys.frequencyCap(tenant)) ?? this.policy.defaultCap,
    };
    return this.tools.messages.plan(journey, run.id, rules, clock.now(), {
      limit: SEND_CHUNK,
      newId: () => uuidv7(clock, random),
    });
  }

  private mark(run: JourneyRun, change: Parameters<Journeys['setRun']>[2]): Promise<void> {
    return this.tools.journeys.setRun(run.tenant, run.id, change, this.time.clock.now());
  }
}
