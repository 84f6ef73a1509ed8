import { kernelErrors, type Clock } from '@kiki/kernel';
import type { Campaign } from '../domain/campaign.js';
import { holdIdOf, type Decision, type DecisionStatus } from '../domain/decision.js';
import type { BidJob } from '../domain/opportunity.js';
import type { Decisions } from './decisions.js';
import type { Exchange } from './exchange.js';
import type { PriceOpportunity } from './price-opportunity.js';
import type { HoldAnswer, SpendAuthority } from './spend-authority.js';

/** How decisions came to their status in this run: what an earlier run did is not counted again. */
export interface BidTally {
  readonly outcome: Exclude<DecisionStatus, 'priced' | 'placing'>;
  readonly reason: string;
}

/** What one run of a job did. */
export interface BidJobResult {
  readonly tallies: readonly BidTally[];
  /** Why values were tagged fallbacks, one per decision priced in this run. */
  readonly fallbackReasons: readonly string[];
}

/**
 * Runs one bid job: value → price → hold → place. Safe to run again at any point, also while another run of the same
 * job is still under way: prices are stored before money is asked for, hold and bid ids are derived from the opportunity,
 * and a decision moves forward in exactly one run.
 */
export class ExecuteBidJob {
  constructor(
    private readonly pricing: PriceOpportunity,
    private readonly decisions: Decisions,
    private readonly spend: SpendAuthority,
    private readonly exchange: Exchange,
    private readonly clock: Clock,
  ) {}

  /** @throws campaign_not_found; unavailable (retry: SyncShield or the exchange did not answer; nothing unheld left) */
  async execute(job: BidJob): Promise<BidJobResult> {
    const startedMs = this.clock.monotonicMs();
    const { campaign, decisions } = await this.pricing.execute(job);
    const { stored, fresh } = await this.decisions.recordPriced(decisions);
    const isFresh = ({ opportunityId }: Decision): boolean => fresh.has(opportunityId);
    const open = stored.filter(({ status }) => status === 'priced' || status === 'placing');
    const tallies: BidTally[] = stored
      .filter((decision) => decision.status === 'no_bid' && isFresh(decision))
      .map(({ reason }) => ({ outcome: 'no_bid', reason }));
    if (open.length > 0) tallies.push(...(await this.spendOn(campaign, open, startedMs)));
    const fallbackReasons = stored
      .filter(isFresh)
      .flatMap(({ value }) =>
        value.source === 'fallback' ? [value.fallbackReason ?? 'unknown'] : [],
      );
    return { tallies, fallbackReasons };
  }

  private async spendOn(
    campaign: Campaign,
    open: readonly Decision[],
    startedMs: number,
  ): Promise<BidTally[]> {
    const answers = await this.hold(campaign, open);
    const isLive = await this.exchange.isLive(campaign.tenant, campaign.channel);
    const moved = await this.decisions.update(
      campaign.tenant,
      campaign.id,
      open.map(({ opportunityId }, i) => {
        const answer = answers[i] as HoldAnswer;
        const status = !answer.isApproved ? 'denied' : isLive ? 'placing' : 'dry_run';
        return { opportunityId, status, holdId: answer.id, holdReason: answer.reason };
      }),
    );
    const approved = open.filter((_, i) => answers[i]?.isApproved);
    const hasMoved = ({ opportunityId }: Decision): boolean => moved.has(opportunityId);
    const denied = open.flatMap((decision, i) => {
      const answer = answers[i] as HoldAnswer;
      return !answer.isApproved && hasMoved(decision)
        ? [{ outcome: 'denied' as const, reason: answer.reason }]
        : [];
    });
    const rest = isLive
      ? await this.place(
          campaign,
          approved.filter((d) => hasMoved(d) || d.status === 'placing'),
          startedMs,
        )
      : await this.dryRun(campaign, approved.filter(hasMoved));
    // What an earlier run may have sent counts as placed, whatever became of hold or channel since: its bill may come.
    const unsure = open.filter((d) => d.status === 'placing' && !(isLive && approved.includes(d)));
    return [...denied, ...rest, ...(await this.markPlaced(campaign, unsure, startedMs))];
  }

  /** Asks for the money of every bid at once. */
  private async hold(campaign: Campaign, open: readonly Decision[]): Promise<HoldAnswer[]> {
    const requests = open.map((decision) => ({
      id: holdIdOf(campaign.id, decision.opportunityId),
      budgetId: campaign.budgetId,
      amountMicros: decision.priceMicros,
      currency: campaign.currency,
      expiresInMs: campaign.holdTtlMs,
      graceMs: campaign.holdGraceMs,
      reference: decision.opportunityId,
    }));
    const answers = await this.spend.hold(campaign.tenant, requests);
    const isComplete =
      answers.length === open.length && requests.every((r, i) => r.id === answers[i]?.id);
    if (!isComplete)
      throw kernelErrors.internal('SyncShield answered other holds than were asked.');
    return answers;
  }

  private async place(
    campaign: Campaign,
    bids: readonly Decision[],
    startedMs: number,
  ): Promise<BidTally[]> {
    if (bids.length === 0) return [];
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
    return this.markPlaced(campaign, bids, startedMs);
  }

  private async markPlaced(
    campaign: Campaign,
    bids: readonly Decision[],
    startedMs: number,
  ): Promise<BidTally[]> {
    if (bids.length === 0) return [];
    const tookMs = this.clock.monotonicMs() - startedMs;
    const moved = await this.decisions.update(
      campaign.tenant,
      campaign.id,
      bids.map(({ opportunityId }) => ({ opportunityId, status: 'placed', tookMs })),
    );
    return tallyMoved(bids, moved, 'placed');
  }

  /** The channel is not live: the money goes back. A void that is lost in a crash is made good by the hold's expiry. */
  private async dryRun(campaign: Campaign, bids: readonly Decision[]): Promise<BidTally[]> {
    if (bids.length === 0) return [];
    await this.spend.settle(
      campaign.tenant,
      bids.map(({ opportunityId }) => {
        const holdId = holdIdOf(campaign.id, opportunityId);
        return { settlementId: `${holdId}:dry-run`, holdId, action: 'void' as const };
      }),
    );
    return bids.map(({ reason }) => ({ outcome: 'dry_run', reason }));
  }
}

function tallyMoved(
  decisions: readonly Decision[],
  moved: ReadonlySet<string>,
  outcome: BidTally['outcome'],
): BidTally[] {
  return decisions
    .filter(({ opportunityId }) => moved.has(opportunityId))
    .map(({ reason }) => ({ outcome, reason }));
}
