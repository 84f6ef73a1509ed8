/**
 * Goal: the simulated exchange takes each bid once, hides its prices, and SyncFlow hears every notice that was not lost
 * on purpose, twice where it was duplicated, also when SyncFlow is away at first.
 * Method: the real server against a receiver that refuses its first calls.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExchangeServer } from './exchange-server.js';
import type { InventoryAnswer, StatementAnswer } from './exchange-wire.js';

interface Outcome {
  readonly id: string;
  readonly kind: string;
  readonly opportunityId: string;
  readonly price?: string;
}

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function receiver(refusals: number): Promise<{ url: string; outcomes: Outcome[] }> {
  const outcomes: Outcome[] = [];
  let left = refusals;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isRefused = left-- > 0 || request.headers.authorization !== 'Bearer k';
      if (!isRefused) {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { outcomes: Outcome[] };
        outcomes.push(...body.outcomes);
      }
      response.writeHead(isRefused ? 503 : 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/outcomes`,
    outcomes,
  };
}

const inventory = {
  count: 400,
  customerIds: ['a', 'b', 'c'],
  channel: 'search',
  currency: 'EUR',
  segments: [{ name: 'all', weight: 1, medianFloorMicros: 50_000 }],
  idPrefix: 'x-',
};

async function post<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as T;
}

async function started(seed: number, refusals = 0) {
  const { url: outcomesUrl, outcomes } = await receiver(refusals);
  const quick = { auctionMs: 5, billingMs: 5, conversionMs: 5, delayMs: 30 };
  const settings = {
    exchange: { seed, medianCompetitionMicros: 300_000, ...quick, lostShare: 0.02 },
    outcomes: { url: outcomesUrl, key: 'k' },
  };
  const server = new ExchangeServer(new SystemClock());
  open.push(server);
  const url = await server.start();
  const early = await fetch(`${url}/bids`, { method: 'POST', body: '{"bids":[]}' });
  expect(early.status).toBe(503);
  server.open(settings);
  const { opportunities } = await post<InventoryAnswer>(`${url}/inventories`, inventory);
  const bids = opportunities.map(({ id }) => ({
    bidId: `bid-${id}`,
    campaignId: 'c',
    opportunityId: id,
    priceMicros: 300_000,
    currency: 'EUR',
  }));
  const statement = async (): Promise<StatementAnswer> =>
    (await (await fetch(`${url}/statement`)).json()) as StatementAnswer;
  const settled = async (): Promise<StatementAnswer> => {
    for (;;) {
      const now = await statement();
      if (now.bids > 0 && now.pending === 0) return now;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { url, outcomes, opportunities, bids, settled };
}

describe('ExchangeServer', () => {
  it('delivers what it did not lose on purpose, through refusals, and bills no more than the bid', async () => {
    const { url, outcomes, bids, settled } = await started(1, 2);
    expect(await post(`${url}/bids`, { bids })).toMatchObject({ taken: 400, repeated: 0 });
    expect(await post(`${url}/bids`, { bids })).toMatchObject({ taken: 0, repeated: 400 });
    const truth = await settled();
    expect(truth.retries).toBeGreaterThanOrEqual(2);
    expect(truth).toMatchObject({ bids: 400, repeatedBids: 400, simulated: expect.any(String) });
    for (const count of [truth.lostNotices, truth.duplicatedNotices, truth.delayedNotices]) {
      expect(count).toBeGreaterThan(0);
    }
    const distinct = new Set(outcomes.map(({ id }) => id));
    expect(distinct.size).toBe(truth.notices - truth.lostNotices);
    expect(outcomes.length).toBe(distinct.size + truth.duplicatedNotices);
    const billed = outcomes.filter(({ kind }) => kind === 'billed');
    expect(billed.length).toBeGreaterThan(0);
    expect(billed.every(({ price }) => Number(price) > 0 && Number(price) <= 0.3)).toBe(true);
  });

  it('says the same for the same seed and something else for another', async () => {
    const [one, same, other] = await Promise.all([started(3), started(3), started(4)]);
    const truths = [];
    for (const { url, bids, settled } of [one, same, other]) {
      await post(`${url}/bids`, { bids });
      const { won, lost, billedNanos, lostNotices } = await settled();
      truths.push({ won, lost, billedNanos, lostNotices });
    }
    expect(truths[1]).toEqual(truths[0]);
    expect(truths[2]).not.toEqual(truths[0]);
    expect(one.opportunities).toEqual(same.opportunities);
  });

  it('says nothing of its competitors', async () => {
    const { url, opportunities } = await started(5);
    expect(Object.keys(opportunities[0]!).sort()).toEqual(
      ['channel', 'currency', 'customerId', 'floorMicros', 'id', 'segment'].filter(
        (key) => key !== 'customerId' || 'customerId' in opportunities[0]!,
      ),
    );
    const response = await fetch(`${url}/bids`, { method: 'POST', body: '{"bids":' });
    expect([response.status, await response.json()]).toEqual([
      400,
      { simulated: expect.any(String), error: expect.any(String) },
    ]);
  });
});
