import { answerOf, createApi } from '@kiki/api-client';
import { kernelErrors, microsToWire, SystemClock, type Clock } from '@kiki/kernel';
import * as from from './from-wire.js';
import type { paths } from './generated/openapi.js';
import type * as money from './money-types.js';
import { OVER } from './money-types.js';

/** Most events in one request. */
export const MAX_EVENTS = 1000;

/** How a client of SyncEngage is made. */
export interface SyncEngageClientOptions {
  /** e.g. `peers.url('syncengage')`. */
  readonly baseUrl: string;
  /** Headers of a call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers: (tenant: string) => Readonly<Record<string, string>>;
  /** Longest time of one call, milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** For waiting. @default the machine's clock */
  readonly clock?: Clock;
}

/** How long to wait, and how often to look. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** @default 200 */
  readonly everyMs?: number;
  readonly onProgress?: (run: money.Run) => void;
}

/** Typed client of SyncEngage; money is bigint micros. Events with ids, journeys and runs may be sent again. */
export class SyncEngageClient {
  private readonly api: ReturnType<typeof createApi<paths>>;
  private readonly clock: Clock;

  constructor(private readonly options: SyncEngageClientOptions) {
    const { baseUrl, timeoutMs, clock = new SystemClock() } = options;
    this.clock = clock;
    this.api = createApi<paths>({ baseUrl, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Sends any number of events, MAX_EVENTS a request, in order; places in the answer are those of `events`. */
  async ingest(tenant: string, events: readonly money.EventInput[]): Promise<money.IngestAnswer> {
    let [accepted, duplicates] = [0, 0];
    const errors: money.EventProblem[] = [];
    const warnings: money.EventProblem[] = [];
    for (let at = 0; at < events.length; at += MAX_EVENTS) {
      const batch = events.slice(at, at + MAX_EVENTS);
      const call = this.api.POST('/v1/batch', { body: { batch }, ...this.of(tenant) });
      const answer = await answerOf(call);
      const placed = (item: money.EventProblem) => ({ ...item, index: item.index + at });
      accepted += answer.accepted;
      duplicates += answer.duplicates;
      errors.push(...answer.errors.map(placed));
      warnings.push(...answer.warnings.map(placed));
    }
    return { accepted, duplicates, errors, warnings };
  }

  /** How many orders SyncValue has not heard of. */
  async outbox(tenant: string): Promise<money.OutboxLag> {
    const answer = await answerOf(this.api.GET('/v1/outbox', this.of(tenant)));
    return { ...answer, oldestAt: answer.oldestAt === null ? null : new Date(answer.oldestAt) };
  }

  /** A customer with address, consent and segment. @throws profile_not_found */
  async profile(
    tenant: string,
    id: string,
  ): Promise<paths['/v1/profiles/{id}']['get']['responses'][200]['content']['application/json']> {
    const params = { path: { id } };
    return answerOf(this.api.GET('/v1/profiles/{id}', { params, ...this.of(tenant) }));
  }

  /** Starts evaluating all profiles, or answers the evaluation that goes on. */
  async refreshSegments(tenant: string): Promise<money.Refresh> {
    return from.refresh(await answerOf(this.api.POST('/v1/segments/refresh', this.of(tenant))));
  }

  /** @throws refresh_not_found */
  async refresh(tenant: string, id: string): Promise<money.Refresh> {
    const params = { path: { id } };
    const call = this.api.GET('/v1/segments/refreshes/{id}', { params, ...this.of(tenant) });
    return from.refresh(await answerOf(call));
  }

  /** The segments, counted. */
  segments(
    tenant: string,
  ): Promise<paths['/v1/segments']['get']['responses'][200]['content']['application/json']> {
    return answerOf(this.api.GET('/v1/segments', this.of(tenant)));
  }

  /** Creates or changes a journey. @throws template_invalid, journey_immutable_field */
  async saveJourney(tenant: string, input: money.JourneyInput): Promise<money.Journey> {
    const { costMicros, isActive = true, ...rest } = input;
    const body = { ...rest, isActive, costMicros: microsToWire(costMicros) };
    const call = this.api.POST('/v1/journeys', { body, ...this.of(tenant) });
    return from.journey(await answerOf(call));
  }

  /** Starts a run, or answers the run that goes on. @throws journey_not_found, journey_paused */
  async runJourney(tenant: string, journeyId: string): Promise<money.Run> {
    const params = { path: { id: journeyId } };
    const call = this.api.POST('/v1/journeys/{id}/run', { params, ...this.of(tenant) });
    return from.run(await answerOf(call));
  }

  /** @throws run_not_found */
  async run(tenant: string, runId: string): Promise<money.Run> {
    const params = { path: { id: runId } };
    return from.run(await answerOf(this.api.GET('/v1/runs/{id}', { params, ...this.of(tenant) })));
  }

  /** Waits until a run is over. @throws deadline_exceeded, run_not_found */
  async runEnd(tenant: string, runId: string, options: WaitOptions): Promise<money.Run> {
    const deadlineMs = this.clock.monotonicMs() + options.timeoutMs;
    for (;;) {
      const run = await this.run(tenant, runId);
      options.onProgress?.(run);
      if (OVER.some((state) => state === run.state)) return run;
      if (this.clock.monotonicMs() >= deadlineMs) {
        throw kernelErrors.deadline_exceeded(`The run is ${run.state} after the time given.`);
      }
      await this.clock.sleep(options.everyMs ?? 200);
    }
  }

  /** @throws journey_not_found */
  async report(tenant: string, journeyId: string): Promise<money.JourneyReport> {
    const params = { path: { id: journeyId } };
    const call = this.api.GET('/v1/journeys/{id}/report', { params, ...this.of(tenant) });
    return from.report(await answerOf(call));
  }

  private of(tenant: string): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers(tenant) } };
  }
}
