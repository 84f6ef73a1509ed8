/**
 * Goal: a bid leaves only with money behind it, and a job that is repeated, killed at any step or run twice at once has
 * the effect of one run. Method: the use case on ports in memory that fail, by plan, before or after their effect.
 */
import { describe, expect, it } from '@jest/globals';
import { kernelErrors } from '@kiki/kernel';
import { FakeClock } from '@kiki/testing';
import fc from 'fast-check';
import type { Campaign } from '../domain/campaign.js';
import type { Decision, DecisionStatus } from '../domain/decision.js';
import type { BidJob } from '../domain/opportunity.js';
import { AdvertisingConsent, type AdvertisingAsk } from './advertising-consent.js';
import { Decisions, type DecisionUpdate } from './decisions.js';
import { Exchange, type PlacedBid } from './exchange.js';
import { BidJobRecord, ExecuteBidJob } from './execute-bid-job.js';
import { PriceOpportunity } from './price-opportunity.js';
import {
  SpendAuthority,
  type HoldAnswer,
  type HoldRequest,
  type Settlement,
} from './spend-authority.js';

const campaign: Campaign = {
  ...{ tenant: 'default', id: 'spring', name: 'Spring', budgetId: 'ads', currency: 'EUR' },
  ...{ channel: 'social', valueShareMilli: 300, minBidMicros: 0n, maxBidMicros: 1_000_000n },
  ...{ holdTtlMs: 60_000, holdGraceMs: 0, isActive: true, createdAt: new Date(0) },
};

/** Fails its n-th step, before or after the step's effect, as a crash does. */
class Crashes {
  step = 0;
  constructor(
    readonly at: number,
    readonly isAfter: boolean,
  ) {}

  async around<T>(effect: () => T): Promise<T> {
    const isNow = this.step++ === this.at;
    if (isNow && !this.isAfter) throw kernelErrors.unavailable('crash before');
    const result = effect();
    await Promise.resolve();
    if (isNow) throw kernelErrors.unavailable('crash after');
    return result;
  }
}

/** Everything outside the use case; it outlives crashes. */
class World {
  readonly rows = new Map<string, Decision>();
  readonly holds = new Map<string, HoldRequest & { isApproved: boolean }>();
  readonly voided = new Set<string>();
  readonly sent = new Map<string, PlacedBid>();
  isLive = true;
  leftMicros = 550n;
}

const ALLOWED: Readonly<Record<string, readonly DecisionStatus[]>> = {
  priced: ['denied', 'dry_run', 'placing'],
  placing: ['placed'],
};

class MemoryDecisions extends Decisions {
  constructor(
    private readonly world: World,
    private readonly crashes: Crashes,
  ) {
    super();
  }

  override recordPriced(decisions: readonly Decision[]) {
    return this.crashes.around(() => {
      const fresh = new Set<string>();
      for (const decision of decisions) {
        if (this.world.rows.has(decision.opportunityId)) continue;
        this.world.rows.set(decision.opportunityId, decision);
        fresh.add(decision.opportunityId);
      }
      const stored = decisions.map((d) => this.world.rows.get(d.opportunityId) as Decision);
      return { stored, fresh };
    });
  }

  override update(_tenant: string, _campaignId: string, updates: readonly DecisionUpdate[]) {
    return this.crashes.around(() => {
      const moved = new Set<string>();
      for (const { opportunityId, status, ...rest } of updates) {
        const row = this.world.rows.get(opportunityId) as Decision;
        if (!ALLOWED[row.status]?.includes(status)) continue;
        this.world.rows.set(opportunityId, { ...row, ...rest, status });
        moved.add(opportunityId);
      }
      return moved;
    });
  }

  override find = never;
  override findMany = never;
  override findByOpportunity = never;
  override list = never;
  override count = never;
  override digestLines = never;
  override report = never;
}

function never(): never {
  throw new Error('not used here');
}

class MemorySpend extends SpendAuthority {
  constructor(
    private readonly world: World,
    private readonly crashes: Crashes,
  ) {
    super();
  }

  override hold(_tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
    return this.crashes.around(() =>
      requests.map((request) => {
        const known = this.world.holds.get(request.id);
        const isApproved = known?.isApproved ?? request.amountMicros <= this.world.leftMicros;
        if (!known) {
          this.world.holds.set(request.id, { ...request, isApproved });
          if (isApproved) this.world.leftMicros -= request.amountMicros;
        } else if (known.amountMicros !== request.amountMicros) {
          throw new Error('a hold was repeated with another amount');
        }
        return {
          id: request.id,
          isApproved,
          reason: isApproved ? 'within_limits' : 'cap_exceeded',
        };
      }),
    );
  }

  override settle(_tenant: string, settlements: readonly Settlement[]) {
    return this.crashes.around(() =>
      settlements.map(({ settlementId, holdId }) => {
        this.world.voided.add(holdId);
        return { settlementId, outcome: 'voided' };
      }),
    );
  }
}

class MemoryExchange extends Exchange {
  constructor(
    private readonly world: World,
    private readonly crashes: Crashes,
  ) {
    super();
  }

  override isLive(): Promise<boolean> {
    return Promise.resolve(this.world.isLive);
  }

  override place(_channel: string, bids: readonly PlacedBid[]): Promise<void> {
    return this.crashes.around(() => {
      for (const bid of bids) {
        const hold = this.world.holds.get(bid.bidId);
        if (!hold?.isApproved || hold.amountMicros !== bid.priceMicros) {
          throw new Error('a bid left without its money');
        }
        if (this.world.voided.has(bid.bidId)) throw new Error('a bid left after its void');
        this.world.sent.set(bid.bidId, bid);
      }
    });
  }
}

/** Answers by customer; each question of a run may be answered anew. */
class MemoryConsent extends AdvertisingConsent {
  readonly asks: AdvertisingAsk[][] = [];
  isDown = false;
  goodForMs = 1_000;
  /** By round of questions within the run. */
  refusals: ((ask: AdvertisingAsk, round: number) => string | undefined) | undefined;

  override async ask(_tenant: string, asks: readonly AdvertisingAsk[]) {
    if (this.isDown) throw kernelErrors.unavailable('no answer about consent');
    const round = this.asks.push([...asks]) - 1;
    return asks.map((ask) => {
      const reason = this.refusals?.(ask, round) ?? 'granted';
      const receiptId = `receipt-${ask.customerId ?? 'nobody'}`;
      return { isAllowed: reason === 'granted', reason, receiptId, actBeforeMs: this.goodForMs };
    });
  }
}

/** Prices change from run to run, so that only stored prices can make a repetition equal. */
class DriftingPrices extends PriceOpportunity {
  constructor(private readonly drift: bigint) {
    super(undefined as never, undefined as never, undefined as never, new FakeClock());
  }

  override execute(job: BidJob) {
    const decisions = job.opportunities.map(({ id, ...offer }, i): Decision => {
      const isBid = i % 4 !== 3;
      return {
        ...{ tenant: job.tenant, campaignId: campaign.id, opportunityId: id, jobId: job.jobId },
        ...offer,
        value: { valueMicros: 1n, source: i % 2 ? 'model' : 'fallback' },
        snapshotVersion: 1,
        conversionProbability: 0.1,
        priceMicros: isBid ? 100n + this.drift : 0n,
        reason: isBid ? 'bid' : 'below_floor',
        status: isBid ? 'priced' : 'no_bid',
        terms: { valueShareMilli: 300, minBidMicros: 0n, maxBidMicros: 1_000_000n },
        decidedAt: new Date(0),
      };
    });
    return Promise.resolve({ campaign, decisions });
  }
}

const job: BidJob = {
  ...{ tenant: 'default', jobId: 'j1', campaignId: 'spring' },
  opportunities: Array.from({ length: 8 }, (_, i) => ({
    ...{ id: `o${i}`, channel: 'social', floorMicros: 0n, currency: 'EUR', segment: 'all' },
  })),
};

function run(
  world: World,
  crashes = new Crashes(-1, false),
  drift = 0n,
  record = new BidJobRecord(),
  consent: AdvertisingConsent = new MemoryConsent(),
  of: BidJob = job,
) {
  return new ExecuteBidJob(
    new DriftingPrices(drift),
    new MemoryDecisions(world, crashes),
    { spend: new MemorySpend(world, crashes), consent },
    new MemoryExchange(world, crashes),
    new FakeClock(),
  ).execute(of, record);
}

const statuses = (world: World): Record<string, number> => {
  const rows = [...world.rows.values()];
  return Object.fromEntries(
    [...Map.groupBy(rows, ({ status }) => status)].map(([status, some]) => [status, some.length]),
  );
};

describe('ExecuteBidJob', () => {
  it('places what the budget allows, one hold per bid, and tallies it', async () => {
    const world = new World();
    const { tallies, fallbackReasons } = await run(world);
    // Eight opportunities, two without a bid, money for five.
    expect(statuses(world)).toEqual({ placed: 5, denied: 1, no_bid: 2 });
    expect([world.holds.size, world.sent.size]).toEqual([6, 5]);
    const count = (outcome: string): number => tallies.filter((t) => t.outcome === outcome).length;
    expect([count('placed'), count('denied'), count('no_bid')]).toEqual([5, 1, 2]);
    expect(tallies).toContainEqual({ outcome: 'denied', reason: 'cap_exceeded' });
    expect(fallbackReasons).toHaveLength(4);
  });

  it('tells SyncShield what policies judge a bid by, but not whose', async () => {
    const world = new World();
    await run(world);
    const contexts = [...world.holds.values()].map(({ context }) => context);
    expect(contexts[0]).toEqual({
      ...{ channel: 'social', campaignId: 'spring', bidMicros: 100n, predictedLtvMicros: 1n },
    });
    expect(contexts.every((context) => context !== undefined)).toBe(true);
  });

  it('does nothing more when it runs again, and counts nothing twice', async () => {
    const world = new World();
    await run(world);
    const before = structuredClone({ rows: world.rows, sent: world.sent, holds: world.holds });
    expect(await run(world, undefined, 7n)).toEqual({ tallies: [], fallbackReasons: [] });
    expect({ rows: world.rows, sent: world.sent, holds: world.holds }).toEqual(before);
  });

  it('lets no bid leave while SyncShield does not answer', async () => {
    const world = new World();
    // Step 0 stores the prices, step 1 asks for the money.
    await expect(run(world, new Crashes(1, false))).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.sent.size).toBe(0);
    expect(statuses(world)).toEqual({ priced: 6, no_bid: 2 });
    await run(world, undefined, 7n);
    expect(statuses(world)).toEqual({ placed: 5, denied: 1, no_bid: 2 });
  });

  it('sends nothing and gives the money back where the channel is not live', async () => {
    const world = new World();
    world.isLive = false;
    await run(world);
    expect(world.sent.size).toBe(0);
    expect(statuses(world)).toEqual({ dry_run: 5, denied: 1, no_bid: 2 });
    const approved = [...world.holds.values()].filter(({ isApproved }) => isApproved);
    expect([...world.voided].sort()).toEqual(approved.map(({ id }) => id).sort());
  });

  it('keeps the money of bids that may have left when the channel is switched off in between', async () => {
    const world = new World();
    // Step 3 is the exchange; the crash comes after it has taken the bids.
    await expect(run(world, new Crashes(3, true))).rejects.toThrow();
    expect(statuses(world)).toMatchObject({ placing: 5 });
    world.isLive = false;
    await run(world);
    expect(statuses(world)).toMatchObject({ placed: 5 });
    expect(world.voided.size).toBe(0);
  });

  it('has the effect of one run however often and wherever it is killed', async () => {
    const crash = fc.record({ at: fc.integer({ min: 0, max: 5 }), isAfter: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(crash, { maxLength: 6 }), async (plan) => {
        const world = new World();
        const record = new BidJobRecord();
        for (const [i, { at, isAfter }] of plan.entries()) {
          await run(world, new Crashes(at, isAfter), BigInt(i), record).catch(() => undefined);
        }
        await run(world, undefined, 7n, record);
        expect(statuses(world)).toEqual({ placed: 5, denied: 1, no_bid: 2 });
        expect([world.holds.size, world.sent.size, world.leftMicros >= 0n]).toEqual([6, 5, true]);
        // Only a run that dies right after a step was stored can miss its count; none counts twice.
        const isMissing = plan.some(({ isAfter }) => isAfter);
        if (!isMissing) expect(record.tallies).toHaveLength(8);
        expect(record.tallies.length).toBeLessThanOrEqual(8);
        for (const { opportunityId, priceMicros, status } of world.rows.values()) {
          const sent = world.sent.get(`spring:${opportunityId}`);
          expect(sent?.priceMicros).toBe(status === 'placed' ? priceMicros : undefined);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the effect of one run when two run at once, also when the channel flips', async () => {
    const flip = fc.integer({ min: 0, max: 12 });
    await fc.assert(
      fc.asyncProperty(flip, fc.boolean(), async (flipAfter, isLive) => {
        const world = new World();
        world.isLive = isLive;
        const both = Promise.all([run(world), run(world, undefined, 5n)]);
        for (let tick = 0; tick < flipAfter; tick++) await Promise.resolve();
        world.isLive = !isLive;
        await both;
        const { placed = 0, dry_run = 0, denied = 0 } = statuses(world);
        expect([placed + dry_run, denied]).toEqual([5, 1]);
        expect(world.sent.size).toBe(placed);
        for (const id of world.sent.keys()) expect(world.voided.has(id)).toBe(false);
      }),
    );
  });
});

describe('consent', () => {
  const known: BidJob = {
    ...job,
    opportunities: job.opportunities.map((of, i) => ({ ...of, customerId: `c${i}` })),
  };
  const with_ = (consent: MemoryConsent, world: World, of = known) =>
    run(world, undefined, 0n, undefined, consent, of);

  it('is asked for before the money, and its receipt is kept', async () => {
    const [world, consent] = [new World(), new MemoryConsent()];
    consent.refusals = ({ customerId }) => (customerId === 'c0' ? 'withdrawn' : undefined);
    const { tallies } = await with_(consent, world);
    expect(world.rows.get('o0')).toMatchObject({
      ...{ status: 'denied', holdReason: 'consent_withdrawn', consentReceiptId: 'receipt-c0' },
    });
    expect(world.holds.has('spring:o0')).toBe(false);
    expect(world.rows.get('o1')).toMatchObject({
      status: 'placed',
      consentReceiptId: 'receipt-c1',
    });
    expect(tallies).toContainEqual({ outcome: 'denied', reason: 'consent_withdrawn' });
    expect(statuses(world)).toEqual({ placed: 5, denied: 1, no_bid: 2 });
  });

  it('is asked for again after the money: whoever took it back is not bid for, the money goes back', async () => {
    const [world, consent] = [new World(), new MemoryConsent()];
    consent.refusals = ({ customerId }, round) =>
      customerId === 'c1' && round > 0 ? 'withdrawn' : undefined;
    await with_(consent, world);
    expect(world.rows.get('o1')).toMatchObject({
      status: 'denied',
      holdReason: 'consent_withdrawn',
    });
    expect(world.sent.has('spring:o1')).toBe(false);
    expect([...world.voided]).toEqual(['spring:o1']);
  });

  it('lets nothing leave without an answer, or with one that is too old', async () => {
    const [world, consent] = [new World(), new MemoryConsent()];
    consent.isDown = true;
    await expect(with_(consent, world)).rejects.toMatchObject({ code: 'unavailable' });
    expect([world.holds.size, world.sent.size]).toEqual([0, 0]);
    consent.isDown = false;
    consent.goodForMs = -1;
    await expect(with_(consent, world)).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.sent.size).toBe(0);
    consent.goodForMs = 1_000;
    await with_(consent, world);
    expect(world.sent.size).toBe(5);
  });

  it('is asked about strangers by region and signal only, and not at all where there is neither', async () => {
    const [world, consent] = [new World(), new MemoryConsent()];
    await with_(consent, world, job);
    expect(consent.asks).toEqual([]);
    const located = job.opportunities.map((of, i) => {
      if (i === 0) return { ...of, region: 'DE' };
      return i === 1 ? { ...of, isGpc: true } : of;
    });
    const other = new World();
    consent.refusals = ({ region }) => (region === 'DE' ? 'no_consent' : 'gpc');
    await with_(consent, other, { ...job, opportunities: located });
    expect(consent.asks[0]).toEqual([
      { channel: 'social', region: 'DE' },
      { channel: 'social', isGpc: true },
    ]);
    expect([other.rows.get('o0')?.holdReason, other.rows.get('o1')?.holdReason]).toEqual([
      ...['consent_no_consent', 'consent_gpc'],
    ]);
  });
});
