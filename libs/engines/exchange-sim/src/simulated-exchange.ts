import { derivedRandom, nextLognormal } from './derived-random.js';
import { NoticeQueue, type SimulatedNotice, type SimulatedNoticeKind } from './simulated-notice.js';
import type { SimulatedOpportunity } from './simulated-opportunities.js';
import {
  settingsOf,
  type SimulatedExchangeOptions,
  type SimulationSettings,
} from './simulation-options.js';

export type { SimulatedExchangeOptions } from './simulation-options.js';

/** A bid as it arrives at the simulated exchange. */
export interface SimulatedBid {
  /** Idempotency key: a bid is taken once, whatever else the repetition says. */
  readonly bidId: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly priceMicros: bigint;
  readonly currency: string;
}

/** What happened to the bids of one call. */
export interface SimulatedReceipt {
  readonly taken: number;
  /** Taken by an earlier call. */
  readonly repeated: number;
  /** About something that is not sold here, or in another currency: no notice will come. */
  readonly refused: number;
}

/** What really happened, notices or not: for reports and tests, never for a bidder. */
export interface SimulatedStatement {
  readonly bids: number;
  readonly won: number;
  readonly lost: number;
  readonly converted: number;
  /** Σ of what winners owe, in nano-units of the currency (1e-9). */
  readonly billedNanos: bigint;
  readonly notices: number;
  readonly duplicatedNotices: number;
  readonly delayedNotices: number;
  readonly lostNotices: number;
}

const NANOS_PER_MICRO = 1000n;

/**
 * A simulated ad exchange: hidden competing prices, auctions, conversions, and notices of which some come twice,
 * late or never. Pure: time is given, randomness is the seed's, and the fate of an opportunity depends on nothing
 * but the seed, the opportunity and the price bid, so the order and timing of bids change no outcome.
 */
export class SimulatedExchange {
  private readonly settings: SimulationSettings;
  private readonly inventory = new Map<string, SimulatedOpportunity>();
  private readonly takenBidIds = new Set<string>();
  private readonly queue = new NoticeQueue();
  private readonly totals = {
    bids: 0,
    won: 0,
    lost: 0,
    converted: 0,
    billedNanos: 0n,
    notices: 0,
    duplicatedNotices: 0,
    delayedNotices: 0,
    lostNotices: 0,
  };

  /** @throws simulation_invalid */
  constructor(options: SimulatedExchangeOptions) {
    this.settings = settingsOf(options);
  }

  /** Puts opportunities on sale; one of a known id replaces nothing. */
  offer(opportunities: Iterable<SimulatedOpportunity>): void {
    for (const opportunity of opportunities) {
      if (!this.inventory.has(opportunity.id)) this.inventory.set(opportunity.id, opportunity);
    }
  }

  /** Takes bids; safe to repeat. */
  accept(bids: readonly SimulatedBid[], nowMs: number): SimulatedReceipt {
    const receipt = { taken: 0, repeated: 0, refused: 0 };
    for (const bid of bids) {
      const opportunity = this.inventory.get(bid.opportunityId);
      if (this.takenBidIds.has(bid.bidId)) {
        receipt.repeated++;
      } else if (opportunity?.currency !== bid.currency || bid.priceMicros <= 0n) {
        receipt.refused++;
      } else {
        this.takenBidIds.add(bid.bidId);
        this.auction(bid, opportunity, nowMs);
        receipt.taken++;
      }
    }
    return receipt;
  }

  /** Takes out the notices that are to be delivered by now, in order of delivery. */
  due(nowMs: number): SimulatedNotice[] {
    return this.queue.take(nowMs);
  }

  /** Notices that are still to be delivered. */
  get pending(): number {
    return this.queue.size;
  }

  /** When the next notice is due, ms since the epoch; undefined when none waits. */
  get nextDueMs(): number | undefined {
    return this.queue.nextMs;
  }

  /** The truth so far. */
  statement(): SimulatedStatement {
    return { ...this.totals };
  }

  private auction(bid: SimulatedBid, opportunity: SimulatedOpportunity, nowMs: number): void {
    const { settings } = this;
    const random = derivedRandom(settings.seed, 'opportunity', opportunity.id);
    const competitionNanos = this.competitionNanos(opportunity);
    const bidNanos = bid.priceMicros * NANOS_PER_MICRO;
    const decidedMs = nowMs + jittered(settings.auctionMs, random.nextDouble());
    const billedMs = decidedMs + jittered(settings.billingMs, random.nextDouble());
    const convertedMs = billedMs + jittered(settings.conversionMs, random.nextDouble());
    const isConverting = random.nextDouble() < this.conversionRate(opportunity);
    this.totals.bids++;
    // A tie goes to the others.
    if (bidNanos <= competitionNanos) {
      this.totals.lost++;
      this.notify(bid, 'lost', decidedMs);
      return;
    }
    const clearing = settings.auction === 'first_price' ? bidNanos : competitionNanos;
    this.totals.won++;
    this.totals.billedNanos += clearing;
    this.notify(bid, 'won', decidedMs, clearing);
    this.notify(bid, 'billed', billedMs, clearing);
    if (!isConverting) return;
    this.totals.converted++;
    this.notify(bid, 'converted', convertedMs);
  }

  /** The hidden price to beat: the best other bid, or the floor. */
  private competitionNanos(opportunity: SimulatedOpportunity): bigint {
    const { seed, medianCompetitionMicros, competitionSigma } = this.settings;
    const random = derivedRandom(seed, 'competition', opportunity.id);
    const micros = nextLognormal(random, Number(medianCompetitionMicros), competitionSigma);
    const nanos = BigInt(Math.round(Math.min(micros, 1e12) * 1000));
    // Just below the floor, so that a bid at the floor wins and pays less than a micro under it at most.
    const floorNanos = opportunity.floorMicros * NANOS_PER_MICRO - 1n;
    return nanos > floorNanos ? nanos : floorNanos < 0n ? 0n : floorNanos;
  }

  private conversionRate({ segment, customerId }: SimulatedOpportunity): number {
    const { conversionRates, defaultConversionRate, strangerFactor } = this.settings;
    const rate = conversionRates[segment] ?? defaultConversionRate;
    return customerId === undefined ? rate * strangerFactor : rate;
  }

  private notify(
    bid: SimulatedBid,
    kind: SimulatedNoticeKind,
    happenedMs: number,
    priceNanos?: bigint,
  ): void {
    const { settings, totals } = this;
    const id = `sim-${bid.bidId}:${kind}`;
    const random = derivedRandom(settings.seed, 'notice', id);
    const isLost = random.nextDouble() < settings.lostShare;
    const isDelayed = random.nextDouble() < settings.delayedShare;
    const isDuplicated = random.nextDouble() < settings.duplicatedShare;
    const gapMs = jittered(settings.delayMs / 4, random.nextDouble());
    totals.notices++;
    if (isLost) {
      totals.lostNotices++;
      return;
    }
    if (isDelayed) totals.delayedNotices++;
    if (isDuplicated) totals.duplicatedNotices++;
    const deliverMs = happenedMs + (isDelayed ? settings.delayMs : 0);
    const { bidId, campaignId, opportunityId, currency } = bid;
    const price = priceNanos === undefined ? {} : { price: nanosToDecimal(priceNanos) };
    const notice = { id, bidId, campaignId, opportunityId, kind, ...price, currency, happenedMs };
    this.queue.push({ ...notice, deliverMs, isDuplicate: false });
    if (isDuplicated) {
      this.queue.push({ ...notice, deliverMs: deliverMs + gapMs, isDuplicate: true });
    }
  }
}

function jittered(typicalMs: number, uniform: number): number {
  return Math.round(typicalMs * (0.5 + uniform));
}

function nanosToDecimal(nanos: bigint): string {
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0');
  return `${nanos / 1_000_000_000n}.${fraction}`;
}
