import { DAY_MS, type Clock } from '@kiki/kernel';
import type { Budget } from '../domain/budget.js';
import type { Hold } from '../domain/hold.js';
import type { ConsentVerdict } from '../domain/policy/finding.js';
import { PolicyReplay, type ReplayReport } from '../domain/policy/policy-replay.js';
import type { Policy } from '../domain/policy/rule.js';
import { RuleFacts } from '../domain/policy/rule-facts.js';
import { HOUR_MS, type SpendProfile } from '../domain/policy/spend-profile.js';
import type { ConsentAsk } from './consent-check.js';

/** Bounds of a dry run. */
export const MAX_DRY_RUN_DAYS = 30;
export const MAX_DRY_RUN_DECISIONS = 1_000_000;

/** What a dry run is asked for. */
export interface DryRunRequest {
  readonly tenant: string;
  readonly policy: Policy;
  readonly days: number;
  /** Stops after so many decisions. */
  readonly maxDecisions: number;
}

/** What a policy would have done to the decisions of the last days. */
export interface DryRunReport extends ReplayReport {
  readonly fromMs: number;
  /** Until where decisions were replayed. */
  readonly toMs: number;
  /** False when a bound or the time ran out before `now`. */
  readonly isComplete: boolean;
  /** What was taken as it is now, and not as it was then. */
  readonly notes: readonly string[];
}

/** Some decisions in order of time. */
export interface DecisionPage {
  readonly holds: readonly { readonly hold: Hold; readonly path: readonly Budget[] }[];
  /** Everything before this instant has come. */
  readonly untilMs: number;
}

/** Stored decisions, read in pages without any lock. */
export abstract class DecisionHistory {
  abstract nowMs(): Promise<number>;
  /** Pages in order of time; each is read when it is asked for. */
  abstract pages(tenant: string, fromMs: number, toMs: number): AsyncIterable<DecisionPage>;
  /** Profiles as they are learned now. */
  abstract profiles(tenant: string): Promise<ReadonlyMap<bigint, SpendProfile>>;
  abstract acquisitions(
    tenant: string,
    fromHour: number,
  ): Promise<readonly { budgetNo: bigint; hour: number; count: number }[]>;
  /** Consent as it is now. */
  abstract consents(tenant: string, asks: readonly ConsentAsk[]): Promise<ConsentVerdict[]>;
}

/** Decisions that are judged without a pause: some milliseconds. */
const AT_ONCE = 250;
/** Longest time of one dry run. */
const MAX_MS = 20_000;
const MAX_WINDOW_HOURS = (90 * DAY_MS) / HOUR_MS;

/** Replays decisions by a policy that is not in force. */
export class DryRun {
  constructor(
    private readonly history: DecisionHistory,
    private readonly clock: Clock,
  ) {}

  /** Ends after `maxDecisions` or 20 s with what it has by then. */
  async execute(request: DryRunRequest): Promise<DryRunReport> {
    const { tenant, policy, days, maxDecisions } = request;
    const untilMs = this.clock.monotonicMs() + MAX_MS;
    const toMs = await this.history.nowMs();
    const fromMs = toMs - days * DAY_MS;
    const facts = new RuleFacts();
    const replay = new PolicyReplay(policy, facts);
    await this.load(request, fromMs, facts, replay);
    let reachedMs = fromMs;
    let count = 0;
    for await (const page of this.history.pages(tenant, fromMs, toMs)) {
      await this.loadConsents(request, page, facts);
      await this.judge(replay, page);
      count += page.holds.length;
      reachedMs = page.untilMs;
      if (count >= maxDecisions || this.clock.monotonicMs() > untilMs) break;
    }
    return {
      ...replay.report(),
      ...{ fromMs, toMs: reachedMs, isComplete: reachedMs >= toMs, notes: notesOf(policy) },
    };
  }

  /** In small parts: decisions of others go on in between. */
  private async judge(replay: PolicyReplay, { holds }: DecisionPage): Promise<void> {
    for (let at = 0; at < holds.length; at += AT_ONCE) {
      for (const { hold, path } of holds.slice(at, at + AT_ONCE)) replay.judge(hold, path);
      await this.clock.sleep(0);
    }
  }

  private async load(
    { tenant, policy }: DryRunRequest,
    fromMs: number,
    facts: RuleFacts,
    replay: PolicyReplay,
  ): Promise<void> {
    const kinds = new Set(policy.rules.map(({ kind }) => kind));
    if (kinds.has('spend_velocity')) {
      for (const [no, profile] of await this.history.profiles(tenant)) {
        facts.loadProfile(no, profile);
      }
    }
    if (!kinds.has('max_cac')) return;
    const fromHour = Math.floor(fromMs / HOUR_MS) - MAX_WINDOW_HOURS;
    for (const { budgetNo, hour, count } of await this.history.acquisitions(tenant, fromHour)) {
      replay.loadAcquisitions(budgetNo, hour, count);
    }
  }

  private async loadConsents(
    { tenant, policy }: DryRunRequest,
    { holds }: DecisionPage,
    facts: RuleFacts,
  ): Promise<void> {
    for (const rule of policy.rules) {
      if (rule.kind !== 'consent_required') continue;
      const contexts = holds.flatMap(({ hold: { context } }) =>
        context?.subject === undefined ? [] : [{ ...context, subject: context.subject }],
      );
      if (contexts.length === 0) continue;
      const verdicts = await this.history.consents(
        tenant,
        contexts.map(({ subject, channel, geo }) => ({
          ...{ subject, purpose: rule.purpose },
          ...(channel === undefined ? {} : { channel }),
          ...(geo === undefined ? {} : { geo }),
        })),
      );
      for (const [index, context] of contexts.entries()) {
        const verdict = verdicts[index];
        if (verdict !== undefined) facts.loadConsent(rule.purpose, context, verdict);
      }
    }
  }
}

function notesOf({ rules }: Policy): string[] {
  const kinds = new Set(rules.map(({ kind }) => kind));
  const notes = ['Caps are not asked again: what they denied then stays denied.'];
  if (kinds.has('spend_velocity')) notes.push('Profiles are those learned by now.');
  if (kinds.has('consent_required')) notes.push('Consent is asked as it is now.');
  if (kinds.has('max_cac')) {
    notes.push('The windows of max_cac begin empty at the first day that is replayed.');
  }
  return notes;
}
