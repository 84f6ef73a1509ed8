/**
 * Goal: the simulated exchange sells at hidden prices never above the bid, loses, delays and duplicates the stated
 * shares of its notices, takes a bid once, and is the seed's alone. Method: statistics over many bids with bounds
 * at more than four standard errors, and properties over random bids, orders and times.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import fc from 'fast-check';
import {
  SimulatedExchange,
  type SimulatedBid,
  type SimulatedExchangeOptions,
} from './simulated-exchange.js';
import type { SimulatedNotice } from './simulated-notice.js';
import { simulateOpportunities, type SimulatedOpportunity } from './simulated-opportunities.js';

const customers = Array.from({ length: 500 }, (_, i) => `c${i}`);

function inventory(count: number, seed = 1): SimulatedOpportunity[] {
  const plan = {
    count,
    customerIds: customers,
    channel: 'social',
    currency: 'EUR',
    segments: [
      { name: 'feed', weight: 3, medianFloorMicros: 50_000n },
      { name: 'story', weight: 1, medianFloorMicros: 100_000n },
    ],
  };
  return simulateOpportunities(plan, new SeededRandom(seed));
}

function bidsOn(
  opportunities: readonly SimulatedOpportunity[],
  priceMicros = 300_000n,
): SimulatedBid[] {
  return opportunities.map(({ id }) => ({
    bidId: `c1:${id}`,
    campaignId: 'c1',
    opportunityId: id,
    priceMicros,
    currency: 'EUR',
  }));
}

function run(
  opportunities: readonly SimulatedOpportunity[],
  bids: readonly SimulatedBid[],
  options: Partial<SimulatedExchangeOptions> = {},
): { exchange: SimulatedExchange; notices: SimulatedNotice[] } {
  const exchange = new SimulatedExchange({ seed: 1, ...options });
  exchange.offer(opportunities);
  exchange.accept(bids, 0);
  return { exchange, notices: exchange.due(Number.POSITIVE_INFINITY) };
}

const nanosOf = (price: string | undefined): bigint => BigInt((price ?? '').replace('.', ''));

describe('SimulatedExchange', () => {
  const opportunities = inventory(20_000);
  const { exchange, notices } = run(opportunities, bidsOn(opportunities), {
    conversionRates: { feed: 0.04, story: 0.2 },
  });
  const statement = exchange.statement();

  it('gives every bid one fate, and the median bid about half of the auctions', () => {
    expect(statement.bids).toBe(20_000);
    expect(statement.won + statement.lost).toBe(20_000);
    const winRate = statement.won / 20_000;
    expect(winRate).toBeGreaterThan(0.47);
    expect(winRate).toBeLessThan(0.52);
  });

  it('duplicates 5 %, delays 5 % and loses 2 % of its notices', () => {
    const share = (n: number): number => n / statement.notices;
    expect(Math.abs(share(statement.lostNotices) - 0.02)).toBeLessThan(0.004);
    // Of the notices that are delivered at all.
    expect(Math.abs(share(statement.duplicatedNotices) - 0.05 * 0.98)).toBeLessThan(0.006);
    expect(Math.abs(share(statement.delayedNotices) - 0.05 * 0.98)).toBeLessThan(0.006);
    const delivered = statement.notices - statement.lostNotices + statement.duplicatedNotices;
    expect(notices).toHaveLength(delivered);
    expect(new Set(notices.map(({ id }) => id)).size).toBe(
      statement.notices - statement.lostNotices,
    );
    expect(notices.filter(({ isDuplicate }) => isDuplicate)).toHaveLength(
      statement.duplicatedNotices,
    );
  });

  it('converts according to its hidden truth', () => {
    const byId = new Map(opportunities.map((o) => [o.id, o]));
    const rate = (segment: string, isStranger: boolean): number => {
      const of = (kind: string): Set<string> =>
        new Set(
          notices
            .filter((notice) => notice.kind === kind)
            .map(({ opportunityId }) => opportunityId)
            .filter((id) => {
              const opportunity = byId.get(id);
              const isKnown = opportunity?.customerId !== undefined;
              return opportunity?.segment === segment && isKnown !== isStranger;
            }),
        );
      return of('converted').size / of('won').size;
    };
    expect(rate('story', false)).toBeCloseTo(0.2, 1);
    expect(Math.abs(rate('feed', false) - 0.04)).toBeLessThan(0.012);
    expect(Math.abs(rate('feed', true) - 0.02)).toBeLessThan(0.015);
  });

  it('delivers in order of time, nothing before it happened, prices with more than six decimals', () => {
    for (const [i, notice] of notices.entries()) {
      expect(notice.deliverMs).toBeGreaterThanOrEqual(notice.happenedMs);
      expect(notice.deliverMs).toBeGreaterThanOrEqual(notices[i - 1]?.deliverMs ?? 0);
    }
    const billed = notices.filter(({ kind }) => kind === 'billed');
    expect(billed.every(({ price }) => /^\d+\.\d{9}$/.test(price ?? ''))).toBe(true);
    expect(billed.some(({ price }) => !price?.endsWith('000'))).toBe(true);
  });

  it('bills less than the bid, or the bid itself at first price', () => {
    const few = opportunities.slice(0, 500);
    const first = run(few, bidsOn(few), { auction: 'first_price' });
    for (const { kind, price } of notices) {
      if (kind === 'billed') expect(nanosOf(price)).toBeLessThan(300_000_000n);
    }
    const prices = first.notices.filter(({ kind }) => kind === 'billed').map(({ price }) => price);
    expect(new Set(prices)).toEqual(new Set(['0.300000000']));
  });

  it('never sells below the floor, rounded up to the micro', () => {
    const cheap = { medianCompetitionMicros: 1n };
    const floors = new Map(opportunities.map(({ id, floorMicros }) => [id, floorMicros]));
    const atFloor = opportunities
      .slice(0, 200)
      .map((o) => ({ ...bidsOn([o])[0]!, priceMicros: o.floorMicros }));
    const sold = run(opportunities, atFloor, cheap);
    expect(sold.exchange.statement().won).toBe(200);
    for (const { kind, price, opportunityId } of sold.notices) {
      if (kind !== 'billed') continue;
      expect((nanosOf(price) + 999n) / 1000n).toBe(floors.get(opportunityId));
    }
    const below = atFloor.map((bid) => ({ ...bid, priceMicros: bid.priceMicros - 1n }));
    expect(run(opportunities, below, cheap).exchange.statement().lost).toBe(200);
  });

  it('takes a bid once, and refuses what it does not sell', () => {
    const few = opportunities.slice(0, 100);
    const { exchange: one } = run(few, bidsOn(few));
    const before = one.statement();
    expect(one.accept(bidsOn(few, 9_000_000n), 10)).toEqual({
      taken: 0,
      repeated: 100,
      refused: 0,
    });
    const strange = { ...bidsOn(few)[0]!, bidId: 'x', opportunityId: 'nowhere' };
    const dollars = { ...bidsOn(few)[0]!, bidId: 'y', currency: 'USD' };
    const nothing = { ...bidsOn(few)[0]!, bidId: 'z', priceMicros: 0n };
    expect(one.accept([strange, dollars, nothing], 10)).toEqual({
      taken: 0,
      repeated: 0,
      refused: 3,
    });
    expect(one.statement()).toEqual(before);
    expect(one.pending).toBe(0);
  });

  it('is the seed alone: any order, any batches, any repetition give the same notices', () => {
    const few = opportunities.slice(0, 60);
    const all = bidsOn(few);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.integer({ min: 1, max: 60 }),
        (seed, shuffled, size) => {
          const other = new SimulatedExchange({ seed });
          other.offer([...few].reverse());
          for (let i = 0; i < shuffled.length; i += size) {
            other.accept(shuffled.slice(i, i + size), 0);
            other.accept(shuffled.slice(0, i), 0);
          }
          const noticesOf = other.due(Number.POSITIVE_INFINITY);
          expect(noticesOf).toEqual(run(few, all, { seed }).notices);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('says something else under another seed', () => {
    const few = opportunities.slice(0, 1000);
    const statementOf = (seed: number) => run(few, bidsOn(few), { seed }).exchange.statement();
    expect(statementOf(1)).toEqual(statementOf(1));
    expect(statementOf(1)).not.toEqual(statementOf(2));
    expect(inventory(50, 1)).toEqual(inventory(50, 1));
    expect(inventory(50, 1)).not.toEqual(inventory(50, 2));
  });

  it('delivers only what is due', () => {
    const few = opportunities.slice(0, 300);
    const late = new SimulatedExchange({ seed: 3 });
    late.offer(few);
    late.accept(bidsOn(few), 1000);
    const seen: SimulatedNotice[] = [];
    expect(late.due(1000)).toEqual([]);
    while (late.nextDueMs !== undefined) {
      const nowMs: number = late.nextDueMs;
      expect(late.due(nowMs - 1)).toEqual([]);
      const due = late.due(nowMs);
      expect(due.every(({ deliverMs }) => deliverMs === nowMs)).toBe(true);
      seen.push(...due);
    }
    const { notices: expected } = run(few, bidsOn(few), { seed: 3 });
    expect(seen.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  it.each<Partial<SimulatedExchangeOptions>>([
    { lostShare: 1.1 },
    { duplicatedShare: -0.1 },
    { conversionRates: { feed: Number.NaN } },
    { medianCompetitionMicros: 0n },
    { billingMs: -1 },
    { seed: 0.5 },
  ])('refuses setting %#', (options) => {
    expect(() => new SimulatedExchange({ seed: 1, ...options })).toThrow(
      expect.objectContaining({ code: 'simulation_invalid' }),
    );
  });
});
