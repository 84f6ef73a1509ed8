import { DomainError, type Clock, type Random } from '@kiki/kernel';
import type { Subject } from '@kiki/subject-data';
import {
  isEnded,
  readySteps,
  retryDelayMs,
  type PrivacyRequest,
  type RequestDetails,
  type StepService,
} from '../../domain/privacy/privacy-request.js';
import type { LegalHolds } from './legal-holds.js';
import type { Objections } from './objections.js';
import type { PrivacyObserver } from './privacy-observer.js';
import type { ClaimedRequest, PrivacyRequests, StepOutcome } from './privacy-requests.js';
import type { SubjectServices } from './subject-services.js';

/** Requests worked on at once in one process. */
const AT_ONCE = 16;
/** Longer than a service may take; then another process may take the request over. */
const LEASE_MS = 120_000;
/** How often open requests are counted while nothing happens. */
const COUNT_EVERY_MS = 10_000;
const ACTOR = 'syncshield';

/** What requests are worked on with. */
export interface PrivacyTools {
  readonly requests: PrivacyRequests;
  readonly holds: LegalHolds;
  readonly services: SubjectServices;
  readonly objections: Objections;
  readonly observer: PrivacyObserver;
}

/**
 * Carries requests through the five services. Every step can be repeated, what was confirmed is written down, so that
 * a restart goes on where it was; a request is completed only when all five have confirmed.
 */
export class RunPrivacyRequests {
  private readonly requests: PrivacyRequests;
  private readonly services: SubjectServices;
  private countedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly tools: PrivacyTools,
    private readonly clock: Clock,
    private readonly random: Random,
    /** Longest time between two attempts. */
    private readonly longestRetryMs: number,
  ) {
    ({ requests: this.requests, services: this.services } = tools);
  }

  /** Works on what is due; how many requests that were. */
  async execute(): Promise<number> {
    const claimed = await this.requests.claim(AT_ONCE, LEASE_MS);
    await Promise.all(claimed.map((one) => this.work(one)));
    await this.count(claimed.length > 0);
    return claimed.length;
  }

  private async count(hasChanged: boolean): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (!hasChanged && nowMs - this.countedMs < COUNT_EVERY_MS) return;
    this.countedMs = nowMs;
    this.tools.observer.counted(await this.requests.counts());
  }

  private async work({ request, details }: ClaimedRequest): Promise<void> {
    try {
      const known = await this.locate(request, details);
      // Before anything else: an objection counts from here on.
      if (request.kind === 'opt_out') await this.object(request, known);
      await this.steps(await this.keepingObjection(request, known), known);
    } catch (error) {
      await this.later(request);
      if (!DomainError.is(error) || !error.isRetryable) throw error;
    }
  }

  /** An objection outlives the key of whoever made it: written down first, for whoever goes on after a crash. */
  private async keepingObjection(
    request: PrivacyRequest,
    { customerIds }: RequestDetails,
  ): Promise<PrivacyRequest> {
    if (request.kind !== 'erase' || request.isSuppressing) return request;
    const stands = await this.tools.objections.stands(request.tenant, customerIds);
    return stands ? this.requests.suppress(request) : request;
  }

  /** Ends an erasure that a legal hold forbids. */
  private async givesWay(
    { tenant, id, kind }: PrivacyRequest,
    { customerIds }: RequestDetails,
  ): Promise<boolean> {
    if (kind !== 'erase' || !(await this.tools.holds.covers(tenant, customerIds))) return false;
    const change = { to: 'rejected', reason: 'legal_hold', actor: ACTOR } as const;
    await this.requests.move(tenant, id, { ...change, from: ['verified', 'running'] });
    return true;
  }

  /** An address alone is looked up where addresses are held. */
  private async locate(request: PrivacyRequest, details: RequestDetails): Promise<RequestDetails> {
    if (details.isLocated || details.email === undefined) return details;
    const { customerIds = [] } = await this.services.execute('syncengage', {
      ...subjectOf(request, details),
      action: 'locate',
    });
    const known = { ...details, customerIds, isLocated: true };
    await this.requests.located(request, known);
    return known;
  }

  private async steps(request: PrivacyRequest, details: RequestDetails): Promise<void> {
    let current = request;
    for (;;) {
      const ready = readySteps(current.steps);
      if (ready.length === 0) break;
      // Before every round: what all have erased is beyond a hold, what some have not is not.
      if (await this.givesWay(current, details)) return;
      const outcomes = await Promise.all(ready.map((one) => this.step(current, details, one)));
      current = await this.requests.record(current, outcomes);
      for (const outcome of outcomes) {
        this.tools.observer.stepped(outcome.service, outcomeOf(outcome));
      }
      if (outcomes.some((outcome) => 'error' in outcome)) break;
    }
    if (!isEnded(current.steps)) return this.later(current);
    // After the old key is gone, so that nothing leads from the objection to what was erased.
    if (request.kind === 'erase' && request.isSuppressing) await this.object(request, details);
    await this.requests.complete(current);
  }

  private object({ tenant, id }: PrivacyRequest, { customerIds }: RequestDetails): Promise<void> {
    return this.tools.objections.object(tenant, id, customerIds);
  }

  private async step(
    request: PrivacyRequest,
    details: RequestDetails,
    service: StepService,
  ): Promise<StepOutcome> {
    const { changes } = details;
    try {
      const { receipt, parts } = await this.services.execute(service, {
        ...{ ...subjectOf(request, details), action: request.kind },
        ...(changes === undefined ? {} : { changes }),
      });
      return { service, receipt, ...(parts === undefined ? {} : { parts }) };
    } catch (error) {
      return { service, error: DomainError.is(error) ? error.code : 'internal' };
    }
  }

  private async later(request: PrivacyRequest): Promise<void> {
    const { attempts } = request;
    const delayMs = retryDelayMs(attempts, this.random.nextDouble(), this.longestRetryMs);
    await this.requests.postpone(request, Math.floor(this.clock.nowMs()) + delayMs);
  }
}

function outcomeOf(outcome: StepOutcome): string {
  if ('error' in outcome) return outcome.error;
  return outcome.receipt.refusal === undefined ? 'confirmed' : 'refused';
}

function subjectOf({ tenant, id }: PrivacyRequest, details: RequestDetails): Subject {
  const { customerIds, email } = details;
  return { tenant, requestId: id, customerIds, ...(email === undefined ? {} : { email }) };
}
