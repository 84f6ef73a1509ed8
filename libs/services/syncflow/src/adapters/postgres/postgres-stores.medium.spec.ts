/**
 * Goal: the stores keep what the use cases rely on: first prices stand, a status moves forward once, a notice
 * counts once, settlements come back until they are confirmed. Method: the adapters on a real PostgreSQL, with
 * callers at once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { learnConversion } from '@kiki/bidding';
import { SystemClock } from '@kiki/kernel';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import type { CampaignDraft } from '../../domain/campaign.js';
import { decisionsDigest, type Decision } from '../../domain/decision.js';
import type { Outcome, OutcomeKind } from '../../domain/outcome.js';
import { PostgresCampaigns } from './postgres-campaigns.js';
import { PostgresDecisions } from './postgres-decisions.js';
import { PostgresOutcomes } from './postgres-outcomes.js';

const draft: CampaignDraft = {
  ...{ id: 'spring', name: 'Spring', budgetId: 'ads', currency: 'EUR', channel: 'social' },
  ...{ valueShareMilli: 300, minBidMicros: 0n, maxBidMicros: 1_000_000n },
  ...{ holdTtlMs: 60_000, holdGraceMs: 0, isActive: true },
};

let db: TestDatabase;
let campaigns: PostgresCampaigns;
let decisions: PostgresDecisions;
let outcomes: PostgresOutcomes;

beforeAll(async () => {
  const migrationsDir = new URL('../../../migrations/', import.meta.url);
  db = await createTestDatabase({ schema: 'syncflow', migrationsDir });
  campaigns = new PostgresCampaigns(db.database);
  decisions = new PostgresDecisions(db.database, new SystemClock());
  outcomes = new PostgresOutcomes(db.database);
});

afterAll(() => db.drop());

beforeEach(() => db.database.execute('truncate campaigns, pricing_snapshots, decisions, outcomes'));

function decision(opportunityId: string, change: Partial<Decision> = {}): Decision {
  return {
    ...{ tenant: 'default', campaignId: 'spring', opportunityId, jobId: 'j1', customerId: 'c1' },
    ...{ channel: 'social', segment: 'feed', currency: 'EUR', floorMicros: 5n },
    value: { valueMicros: 123_456_789n, source: 'fallback', fallbackReason: 'breaker_open' },
    snapshotVersion: 1,
    terms: { valueShareMilli: 300, minBidMicros: 0n, maxBidMicros: 1_000_000n },
    conversionProbability: 0.1 + 0.2,
    priceMicros: 100n,
    reason: 'bid',
    status: 'priced',
    decidedAt: new Date('2026-01-01T00:00:00.123Z'),
    ...change,
  };
}

function notice(id: string, kind: OutcomeKind, change: Partial<Outcome> = {}): Outcome {
  const priced = kind === 'billed' || kind === 'won' ? { priceMicros: 70n, currency: 'EUR' } : {};
  return {
    ...{ id, campaignId: 'spring', opportunityId: 'o1', kind, ...priced, at: new Date(0) },
    ...change,
  };
}

describe('PostgresCampaigns', () => {
  it('saves, changes, lists by code point and keeps tenants apart', async () => {
    expect(await campaigns.save('a', draft)).toMatchObject({ ...draft, tenant: 'a' });
    await campaigns.save('a', { ...draft, name: 'Later', maxBidMicros: 7n });
    expect(await campaigns.find('a', 'spring')).toMatchObject({ name: 'Later', maxBidMicros: 7n });
    expect(await campaigns.find('b', 'spring')).toBeUndefined();
    for (const id of ['b', 'B', 'ä', 'a']) await campaigns.save('a', { ...draft, id });
    const ids = (await campaigns.list('a', 9)).map(({ id }) => id);
    expect(ids).toEqual(['B', 'a', 'b', 'spring', 'ä']);
    expect((await campaigns.list('a', 2, 'a')).map(({ id }) => id)).toEqual(['b', 'spring']);
  });

  it.each([{ currency: 'USD' }, { channel: 'search' }, { budgetId: 'other' }])(
    'refuses to change %j',
    async (change) => {
      await campaigns.save('a', draft);
      await expect(campaigns.save('a', { ...draft, ...change })).rejects.toMatchObject({
        code: 'campaign_immutable_field',
      });
    },
  );

  it('numbers snapshots without gaps, also when many are taken at once, and returns them exactly', async () => {
    await campaigns.save('default', draft);
    const conversion = learnConversion([
      { segment: 'feed', impressions: 997, conversions: 13 },
      { segment: 'story', impressions: 31, conversions: 3 },
    ]);
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        campaigns.addSnapshot({
          ...{ tenant: 'default', campaignId: 'spring', strangerValueMicros: BigInt(i) },
          ...{ fallbackValueMicros: 2n, conversion },
        }),
      ),
    );
    expect(taken.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const latest = await campaigns.latestSnapshot('default', 'spring');
    expect(latest).toEqual(taken.find(({ version }) => version === 8));
    expect(latest?.conversion).toEqual(conversion);
  });
});

describe('PostgresDecisions', () => {
  it('returns what it stored to the last bit, in the order asked', async () => {
    const priced = ['o3', 'o1', 'o2'].map((id) => decision(id));
    const { stored, fresh } = await decisions.recordPriced(priced);
    expect(stored).toEqual(priced);
    expect([...fresh].sort()).toEqual(['o1', 'o2', 'o3']);
  });

  it('keeps the first price whatever comes later, also from many jobs at once', async () => {
    const jobs = Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 50 }, (_, n) =>
        decision(`o${(n * 7 + i * 13) % 50}`, { jobId: `j${i}`, priceMicros: BigInt(100 + i) }),
      ),
    );
    const results = await Promise.all(jobs.map((job) => decisions.recordPriced(job)));
    const final = await decisions.list('default', 'spring', 100);
    expect(final).toHaveLength(50);
    const byId = new Map(final.map((one) => [one.opportunityId, one]));
    for (const { stored } of results) {
      for (const one of stored) expect(one).toEqual(byId.get(one.opportunityId));
    }
    expect(results.reduce((sum, { fresh }) => sum + fresh.size, 0)).toBe(50);
  });

  it('moves each decision forward once and never back', async () => {
    await decisions.recordPriced([
      decision('o1'),
      decision('o2'),
      decision('o3', { status: 'no_bid' }),
    ]);
    const to = (status: Decision['status']) =>
      decisions.update(
        'default',
        'spring',
        ['o1', 'o2', 'o3'].map((opportunityId) => ({
          opportunityId,
          status,
          holdId: 'h',
          tookMs: 5,
        })),
      );
    expect((await to('placed')).size).toBe(0);
    const moved = await Promise.all([to('placing'), to('dry_run'), to('denied')]);
    expect(moved.map((set) => set.size).sort()).toEqual([0, 0, 2]);
    const winner = (await decisions.find('default', 'spring', 'o1'))?.status;
    expect((await to('placing')).size).toBe(0);
    expect((await to('placed')).size).toBe(winner === 'placing' ? 2 : 0);
    expect((await to('dry_run')).size).toBe(0);
    expect(await decisions.find('default', 'spring', 'o3')).toMatchObject({ status: 'no_bid' });
  });

  it('pages in the order of the ids and keeps tenants and campaigns apart', async () => {
    await decisions.recordPriced(['b', 'B', 'a'].map((id) => decision(id)));
    await decisions.recordPriced([decision('a', { campaignId: 'autumn' })]);
    await decisions.recordPriced([decision('a', { tenant: 'other' })]);
    const ids = async (limit: number, after?: string) =>
      (await decisions.list('default', 'spring', limit, after)).map((one) => one.opportunityId);
    expect(await ids(2)).toEqual(['B', 'a']);
    expect(await ids(2, 'a')).toEqual(['b']);
    const about = await decisions.findByOpportunity('default', 'a');
    expect(about.map(({ campaignId }) => campaignId)).toEqual(['autumn', 'spring']);
  });

  it('reports from rows', async () => {
    const all = ['o1', 'o2', 'o3', 'o4', 'o5'].map((id) => decision(id));
    const value = { valueMicros: 1n, source: 'model' as const };
    const none = decision('o6', {
      status: 'no_bid',
      reason: 'below_floor',
      priceMicros: 0n,
      value,
    });
    await decisions.recordPriced([...all, none]);
    const move = (opportunityId: string, status: Decision['status'], rest = {}) =>
      decisions.update('default', 'spring', [{ opportunityId, status, ...rest }]);
    for (const id of ['o1', 'o2']) {
      await move(id, 'placing', { holdId: id });
      await move(id, 'placed', { tookMs: id === 'o1' ? 10 : 30 });
    }
    await move('o3', 'denied', { holdReason: 'cap_exceeded' });
    await move('o4', 'dry_run');
    await outcomes.record('default', [notice('n1', 'won'), notice('n2', 'billed')]);
    const report = await decisions.report('default', 'spring');
    expect(report).toEqual({
      ...{ opportunities: 6, placed: 2, noBid: 4, fallback: 5 },
      noBidReasons: { below_floor: 1, cap_exceeded: 1, dry_run: 1, priced: 1 },
      ...{ won: 1, lost: 0, billed: 1, converted: 0, bidMicros: 200n, billedMicros: 70n },
      ...{ unsettled: 1, refusedSettlements: 0, placeP50Ms: 10, placeP99Ms: 30 },
    });
    const lines = await decisions.digestLines('default', 'spring');
    expect(decisionsDigest(lines)).toBe(
      decisionsDigest(
        [...all, none].map(({ opportunityId, value: { valueMicros }, priceMicros, reason }) => ({
          ...{ opportunityId, valueMicros, priceMicros, reason },
        })),
      ),
    );
  });
});

describe('PostgresOutcomes', () => {
  beforeEach(async () => {
    await decisions.recordPriced(['o1', 'o2', 'o3'].map((id) => decision(id)));
  });

  it('counts a notice once: repeated, told anew under another id, or twice in one call', async () => {
    expect(await outcomes.record('default', [notice('n1', 'billed')])).toEqual(['recorded']);
    expect(
      await outcomes.record('default', [
        notice('n1', 'billed'),
        notice('n2', 'billed'),
        notice('n3', 'won'),
        notice('n3', 'won'),
      ]),
    ).toEqual(['duplicate', 'duplicate', 'recorded', 'duplicate']);
    expect(await outcomes.openSettlements(9)).toHaveLength(1);
  });

  it('says what is wrong with a notice and keeps the good ones of the same call', async () => {
    await outcomes.record('default', [notice('n1', 'won')]);
    const statuses = await outcomes.record('default', [
      notice('n1', 'lost'),
      notice('n1', 'won', { priceMicros: 71n }),
      notice('n2', 'lost', { opportunityId: 'nowhere' }),
      notice('n3', 'billed', { currency: 'USD' }),
      notice('n4', 'lost', { opportunityId: 'o2' }),
    ]);
    expect(statuses).toEqual([
      'conflict',
      'conflict',
      'unknown_opportunity',
      'currency_mismatch',
      'recorded',
    ]);
    expect(await outcomes.record('other', [notice('n1', 'won')])).toEqual(['unknown_opportunity']);
  });

  it('counts once when many tell the same at the same time', async () => {
    const all = ['o1', 'o2', 'o3'].map((id) => notice(`b-${id}`, 'billed', { opportunityId: id }));
    const told = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        outcomes.record('default', i % 2 === 0 ? all : all.toReversed()),
      ),
    );
    expect(told.flat().filter((status) => status === 'recorded')).toHaveLength(3);
    expect(await outcomes.openSettlements(9)).toHaveLength(3);
  });

  it('brings settlements back until they are confirmed, put off ones later', async () => {
    await outcomes.record('default', [
      notice('n1', 'billed'),
      notice('n2', 'lost', { opportunityId: 'o2' }),
      notice('n3', 'billed', { opportunityId: 'o3', priceMicros: 0n }),
      notice('n4', 'converted'),
    ]);
    const open = await outcomes.openSettlements(9);
    expect(
      open.map(({ tenant: _tenant, outcomeId: _id, ...rest }) => rest).sort(bySettlement),
    ).toEqual([
      {
        settlementId: 'spring:o1:capture',
        holdId: 'spring:o1',
        action: 'capture',
        amountMicros: 70n,
      },
      { settlementId: 'spring:o2:void', holdId: 'spring:o2', action: 'void' },
      // Billed at nothing: the whole hold goes back.
      { settlementId: 'spring:o3:capture', holdId: 'spring:o3', action: 'void' },
    ]);
    await outcomes.postpone([{ tenant: 'default', outcomeId: 'n1' }]);
    await outcomes.markSettled([{ tenant: 'default', outcomeId: 'n2', outcome: 'voided' }]);
    const left = await outcomes.openSettlements(9);
    expect(left.map(({ outcomeId }) => outcomeId)).toEqual(['n3']);
    await db.database.execute(`update outcomes set retry_at = now() where id = 'n1'`);
    expect((await outcomes.openSettlements(9)).map(({ outcomeId }) => outcomeId).sort()).toEqual([
      'n1',
      'n3',
    ]);
  });

  it('counts impressions and conversions by segment, a conversion without its bill as both', async () => {
    await decisions.recordPriced([decision('o4', { segment: 'story' })]);
    await outcomes.record('default', [
      notice('n1', 'won'),
      notice('n2', 'billed'),
      notice('n3', 'converted'),
      notice('n4', 'billed', { opportunityId: 'o2' }),
      notice('n5', 'lost', { opportunityId: 'o3' }),
      notice('n6', 'converted', { opportunityId: 'o4' }),
    ]);
    expect(await outcomes.conversionCounts('default', 'spring')).toEqual([
      { segment: 'feed', impressions: 2, conversions: 1 },
      { segment: 'story', impressions: 1, conversions: 1 },
    ]);
  });
});

function bySettlement(a: { settlementId: string }, b: { settlementId: string }): number {
  return a.settlementId < b.settlementId ? -1 : 1;
}
