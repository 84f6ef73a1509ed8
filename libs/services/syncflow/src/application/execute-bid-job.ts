import { kernelErrors, type Clock } from '@kiki/kernel';
import type { Campaign } from '../domain/campaign.js';
import { holdIdOf, type Decision, type DecisionStatus } from '../domain/decision.js';
import type { BidJob } from '../domain/opportunity.js';
import type { AdvertisingConsent } from './advertising-consent.js';
import { ConsentOfBids } from './consent-of-bids.js';
import type { Decisions, DecisionUpdate } from './decisions.js';
import type { Exchange } from './exchange.js';
import type { PriceOpportunity } from './price-opportunity.js';
import type { HoldAnswer, HoldContext, SpendAuthority } from './spend-authority.js';

/** How a decision came to its status. */
export interface BidTally {
  readonly outcome: Exclude<DecisionStatus, 'priced' | 'placing'>;
  readonly reason: string;
}

/**
 * What one run of a job did, written down as it happens, so that a run that fails half-way is counted as far as it
 * came. What an earlier run did is not counted again.
 */
export class BidJobRecord {
  readonly tallies: BidTally[] = [];
  /** Why values were tagged fallbacks, one per decision priced in this run. */
  readonly fallbackReasons: string[] = [];

  add(outcome: BidTally['outcome'], decisions: readonly Decision[], reason?: string): void {
    for (const decision of decisions) {
      this.tallies.push({ outcome, reason: reason ?? decision.reason });
    }
  }
}

/**
 * Runs one bid job: value → price → consent → hold → consent again → place. Safe to run again at any point, also while
 * another run of the same job is still under way: prices are stored before money is asked for, hold and bid ids are
 * derived from the opportunity, and a decision moves forward in exactly one run.
 */
export class ExecuteBidJob {
  constructor(
    private readonly pricing: PriceOpportunity,
    private readonly decisions: Decisions,
    private readonly shield: {
      readonly spend: SpendAuthority;
      readonly consent: AdvertisingConsent;
    },
    private readonly exchange: Exchange,
    private readonly clock: Clock,
  ) {}

  /**
   * @param record filled as the run goes on
   * @throws campaign_not_found; unavailable (retry: SyncShield or the exchange did not answer; nothing unheld left)
   */
  async execute(job: BidJob, record = new BidJobRecord()): Promise<BidJobRecord> {
    const startedMs = this.clock.monotonicMs();
    const { campaign, decisions } = await this.pricing.execute(job);
    const { stored, fresh } = await this.decisions.recordPriced(decisions);
    const priced = stored.filter(({ opportunityId }) => fresh.has(opportunityId));
    record.add(
      'no_bid',
      priced.filter(({ status }) => status === 'no_bid'),
    );
    for (const { value } of priced) {
      if (value.source === 'fallback')
        record.fallbackReasons.push(value.fallbackReason ?? 'unknown');
    }
    const open = stored.filter(({ status }) => status === 'priced' || status === 'placing');
    if (open.length > 0) {
      const consents = new ConsentOfBids(this.shield.consent, campaign);
      await this.spendOn({ campaign, record, startedMs, consents }, open);
    }
    return record;
  }

  private async spendOn(run: Run, open: readonly Decision[]): Promise<void> {
    const { campaign, consents } = run;
    await consents.ask(open);
    const wanted = open.filter((decision) => consents.refusalOf(decision) === undefined);
    const answers = await this.hold(campaign, wanted);
    const isLive = await this.exchange.isLive(campaign.tenant, campaign.channel);
    const isApproved = (decision: Decision): boolean =>
      answers.get(decision.opportunityId)?.isApproved === true;
    // As late as can be: whoever took it back since then is not bid for.
    await consents.ask(wanted.filter(isApproved));
    const updates = open.map((decision) =>
      updateOf(decision, answers.get(decision.opportunityId), { consents, isLive }),
    );
    const moved = await this.decisions.update(campaign.tenant, campaign.id, updates);
    const hasMoved = ({ opportunityId }: Decision): boolean => moved.has(opportunityId);
    open.forEach((decision, i) => {
      const { status, holdReason } = updates[i] as DecisionUpdate;
      if (status === 'denied' && hasMoved(decision)) {
        run.record.add('denied', [decision], holdReason);
      }
    });
    const approved = wanted.filter((of) => isApproved(of) && consents.refusalOf(of) === undefined);
    await this.giveBack(
      run,
      wanted.filter((of) => isApproved(of) && !approved.includes(of)).filter(hasMoved),
    );
    if (isLive) {
      const mine = approved.filter((d) => hasMoved(d) || d.status === 'placing');
      await this.place(run, mine);
    } else {
      await this.dryRun(run, approved.filter(hasMoved));
    }
    // What an earlier run may have sent counts as placed, whatever became of hold or channel since: its bill may come.
    const unsure = open.filter((d) => d.status === 'placing' && !(isLive && approved.includes(d)));
    await this.markPlaced(run, unsure);
  }

  /** Asks for the money of every bid at once. */
  private async hold(
    campaign: Campaign,
    open: readonly Decision[],
  ): Promise<ReadonlyMap<string, HoldAnswer>> {
    if (open.length === 0) return new Map();
    const requests = open.map((decision) => ({
      id: holdIdOf(campaign.id, decision.opportunityId),
      budgetId: campaign.budgetId,
      amountMicros: decision.priceMicros,
      currency: campaign.currency,
      expiresInMs: campaign.holdTtlMs,
      graceMs: campaign.holdGraceMs,
      reference: decision.opportunityId,
      context: contextOf(decision),
    }));
    const answers = await this.shield.spend.hold(campaign.tenant, requests);
    const isComplete =
      answers.length === open.length && requests.every((r, i) => r.id === answers[i]?.id);
    if (!isComplete)
      throw kernelErrors.internal('SyncShield answered other holds than were asked.');
    return new Map(open.map(({ opportunityId }, i) => [opportunityId, answers[i] as HoldAnswer]));
  }

  private async place(run: Run, bids: readonly Decision[]): Promise<void> {
    if (bids.length === 0) return;
    const { campaign, consents } = run;
    if (this.clock.monotonicMs() >= consents.actBeforeMs(bids)) {
      throw kernelErrors.unavailable('Consent was asked for too long ago; the job is tried again.');
    }
    await this.exchange.place(
      campaign.channel,
      bids.map((decision) => ({
        bidId: holdIdOf(campaign.id, decision.opportunityId),
        campaignId: campaign.id,
        opportunityId: decision.opportunityId,
        priceMicros: decision.priceMicros,
        currency: decision.currency,
      })),
    );
    await this.markPlaced(run, bids);
  }

  private async markPlaced(run: Run, bids: readonly Decision[]): Promise<void> {
    if (bids.length === 0) return;
    const tookMs = this.clock.monotonicMs() - run.startedMs;
    const moved = await this.decisions.update(
      run.campaign.tenant,
      run.campaign.id,
      bids.map(({ opportunityId }) => ({ opportunityId, status: 'placed', tookMs })),
    );
    run.record.add(
      'placed',
      bids.filter(({ opportunityId }) => moved.has(opportunityId)),
    );
  }

  /** The channel is not live: the money goes back. A void that is lost in a crash is made good by the hold's expiry. */
  private async dryRun({ campaign, record }: Run, bids: readonly Decision[]): Promise<void> {
    if (bids.length === 0) return;
    record.add('dry_run', bids);
    await this.void(campaign, bids, 'dry-run');
  }

  /** Consent was taken back while money was asked for. */
  private async giveBack({ campaign }: Run, bids: readonly Decision[]): Promise<void> {
    if (bids.length > 0) await this.void(campaign, bids, 'no-consent');
  }

  private async void(campaign: Campaign, bids: readonly Decision[], why: string): Promise<void> {
    await this.shield.spend.settle(
      campaign.tenant,
      bids.map(({ opportunityId }) => {
        const holdId = holdIdOf(campaign.id, opportunityId);
        return { settlementId: `${holdId}:${why}`, holdId, action: 'void' as const };
      }),
    );
  }
}

/** How a decision goes on: by consent first, then by the money that was asked for. */
function updateOf(
  decision: Decision,
  answer: HoldAnswer | undefined,
  { consents, isLive }: { readonly consents: ConsentOfBids; readonly isLive: boolean },
): DecisionUpdate {
  const { opportunityId } = decision;
  const consentReceiptId = consents.receiptOf(decision);
  const known = {
    opportunityId,
    ...(consentReceiptId === undefined ? {} : { consentReceiptId }),
    ...(answer === undefined ? {} : { holdId: answer.id }),
  };
  const refusal = consents.refusalOf(decision);
  if (refusal !== undefined || answer === undefined) {
    return { ...known, status: 'denied', holdReason: refusal ?? 'not_asked' };
  }
  const status = !answer.isApproved ? 'denied' : isLive ? 'placing' : 'dry_run';
  return { ...known, status, holdReason: answer.reason };
}

/** What the steps of one run share. */
interface Run {
  readonly campaign: Campaign;
  readonly record: BidJobRecord;
  readonly startedMs: number;
  readonly consents: ConsentOfBids;
}

/** From the stored decision alone, so that a repeated request says the same. */
function contextOf({ channel, campaignId, region, priceMicros, value }: Decision): HoldContext {
  return {
    ...{ channel, campaignId, bidMicros: priceMicros },
    ...(region === undefined ? {} : { geo: region }),
    ...(value.valueMicros < 0n ? {} : { predictedLtvMicros: value.valueMicros }),
  };
}
