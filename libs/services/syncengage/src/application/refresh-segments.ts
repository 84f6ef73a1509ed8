import { DomainError, uuidv7, type Clock, type Random } from '@kiki/kernel';
import { churnSegmentOf, type ChurnThresholds } from '../domain/churn.js';
import type { Profiles } from './profiles.js';
import type {
  AliveAnswer,
  AlivePredictions,
  Membership,
  SegmentRefresh,
  Segments,
} from './segments.js';

const PAGE = 5_000;

/** What the segments are made by. */
export interface SegmentPolicy {
  readonly thresholds: ChurnThresholds;
  /** How old a membership may be before nobody is messaged by it, milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Asks SyncValue for P(alive) of every profile and stores who is where, with model version and
 * time. When SyncValue cannot be asked the refresh fails with the reason and what was known stays,
 * growing old: nobody is sorted by a guess.
 */
export class RefreshSegments {
  constructor(
    private readonly profiles: Profiles,
    private readonly segments: Segments,
    private readonly predictions: AlivePredictions,
    private readonly time: { readonly clock: Clock; readonly random: Random },
    private readonly policy: SegmentPolicy,
  ) {}

  /** Oldest evaluation that a journey may rely on now. */
  freshSince(): Date {
    return new Date(this.time.clock.nowMs() - this.policy.maxAgeMs);
  }

  /** Puts a refresh down as wanted. */
  request(tenant: string): Promise<SegmentRefresh> {
    const { clock, random } = this.time;
    return this.segments.request(tenant, uuidv7(clock, random), clock.now());
  }

  /** Refreshes unless the last good refresh is fresh. @throws what SyncValue throws */
  async ensureFresh(tenant: string): Promise<void> {
    const latest = await this.segments.latestDone(tenant);
    if ((latest?.finishedAt?.getTime() ?? 0) >= this.freshSince().getTime()) return;
    const { id } = await this.request(tenant);
    await this.execute(tenant, id);
  }

  /**
   * Evaluates all profiles; done over again when it is called again. @throws what SyncValue throws
   */
  async execute(tenant: string, refreshId: string): Promise<void> {
    const mark = (change: Parameters<Segments['setState']>[2]): Promise<void> =>
      this.segments.setState(tenant, refreshId, change, this.time.clock.now());
    await mark({ state: 'running' });
    try {
      await mark({ state: 'done', ...(await this.evaluate(tenant, refreshId)) });
    } catch (error) {
      await mark({ state: 'failed', reason: DomainError.is(error) ? error.code : 'internal' });
      throw error;
    }
  }

  private async evaluate(
    tenant: string,
    refreshId: string,
  ): Promise<{ evaluated: number; modelVersion?: string }> {
    let [evaluated, after] = [0, ''];
    let modelVersion: string | undefined;
    for (;;) {
      const ids = await this.profiles.idsAfter(tenant, after, PAGE);
      if (ids.length === 0) break;
      const answers = await this.predictions.predict(tenant, ids);
      const members = ids.map((id, i) => this.membership(id, answers[i]));
      await this.segments.put(tenant, refreshId, members, this.time.clock.now());
      modelVersion ??= members.find((member) => member.modelVersion !== undefined)?.modelVersion;
      evaluated += ids.length;
      after = ids.at(-1) ?? after;
    }
    return { evaluated, ...(modelVersion === undefined ? {} : { modelVersion }) };
  }

  private membership(customerId: string, answer: AliveAnswer | undefined): Membership {
    if (answer === undefined || 'reason' in answer) {
      return { customerId, segment: 'unknown', reason: answer?.reason ?? 'no_answer' };
    }
    const segment = churnSegmentOf(answer.aliveProbability, this.policy.thresholds);
    return { customerId, segment, ...answer };
  }
}
