/**
 * Goal: the whole way of a bid holds its promises: money first, each bid and notice once, equal digests, outages
 * survived. Method: SyncFlow and the real SyncShield, started as processes start them, on PostgreSQL and its queue;
 * a simulated exchange behind a real HTTP server; SyncValue's place taken by a gRPC server that the specs can stop.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { SyncFlowClient } from '@kiki/contract-syncflow';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import {
  FallbackReason,
  PredictBatchResponse,
  PredictResponse,
  SyncValueServiceService,
  type CustomerQuery,
  type PredictBatchRequest,
  type PredictRequest,
} from '@kiki/contract-syncvalue';
import {
  SimulatedExchange,
  simulateOpportunities,
  type SimulatedBid,
  type SimulatedNotice,
  type SimulatedOpportunity,
} from '@kiki/exchange-sim';
import { start, type Host } from '@kiki/host';
import { SeededRandom } from '@kiki/kernel';
import { Queues } from '@kiki/queue';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { createTestDatabase, freePort, waitFor, type TestDatabase } from '@kiki/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syncflowDefinition } from './syncflow.definition.js';

const TENANT = 'default';

type Call<Q> = { readonly request: Q };
type Answer = (error: null, value: object) => void;

const idOf = (customer: CustomerQuery | undefined): string =>
  customer?.subject?.$case === 'customerId' ? customer.subject.value : '';

/** A gRPC server in SyncValue's place: customer `c<n>` is worth n + 1 units. */
class ValueServer {
  readonly asked: string[][] = [];
  private server: Server | undefined;

  constructor(readonly port: number) {}

  async start(): Promise<void> {
    const server = new Server();
    const model = { modelVersion: 'm1' };
    const one = (customer: CustomerQuery | undefined) => {
      const n = /^c(\d+)$/.exec(idOf(customer))?.[1];
      return n === undefined
        ? { ltvMicros: 40_000_000n, currency: 'EUR', fallbackReason: FallbackReason.COLD_START }
        : { ltvMicros: BigInt(n) * 1_000_000n, currency: 'EUR' };
    };
    const { predict, predictBatch } = SyncValueServiceService;
    server.addService(
      { predict, predictBatch },
      {
        predict: (call: Call<PredictRequest>, answer: Answer) =>
          answer(
            null,
            PredictResponse.fromPartial({ prediction: one(call.request.customer), model }),
          ),
        predictBatch: (call: Call<PredictBatchRequest>, answer: Answer) => {
          const { customers } = call.request;
          this.asked.push(customers.map(idOf));
          const results = customers.map((customer) => ({
            outcome: { $case: 'prediction' as const, value: one(customer) },
          }));
          answer(null, PredictBatchResponse.fromPartial({ results, model }));
        },
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    this.server = server;
  }

  stop(): void {
    this.server?.forceShutdown();
  }
}

/** The simulated exchange behind HTTP. */
class ExchangeServer {
  readonly exchange = new SimulatedExchange({
    ...{ seed: 11, auctionMs: 5, billingMs: 5, conversionMs: 10, delayMs: 150 },
    ...{ medianCompetitionMicros: 60_000n, defaultConversionRate: 0.1 },
  });
  requests = 0;
  repeated = 0;
  /** Takes the bids of the next requests, then fails all the same. */
  failAfterTaking = 0;
  private readonly server: HttpServer;

  constructor() {
    this.server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { bids } = JSON.parse(Buffer.concat(chunks).toString()) as {
          bids: (Omit<SimulatedBid, 'priceMicros'> & { priceMicros: number })[];
        };
        this.requests++;
        const receipt = this.exchange.accept(
          bids.map((bid) => ({ ...bid, priceMicros: BigInt(bid.priceMicros) })),
          Date.now(),
        );
        this.repeated += receipt.repeated;
        response.statusCode = this.failAfterTaking-- > 0 ? 500 : 200;
        response.end();
      })();
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const home = mkdtempSync(join(tmpdir(), 'kiki-flow-'));
const exchange = new ExchangeServer();
let db: TestDatabase;
let value: ValueServer;
let environment: Record<string, string>;
let shieldHost: Host;
let host: Host;
let flow: SyncFlowClient;
let shield: SyncShieldClient;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  value = new ValueServer(await freePort());
  await value.start();
  const shieldPort = await freePort();
  environment = {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    KIKI_SECRET: 'a secret of the specs, long enough for everybody',
    LOG_LEVEL: 'silent',
    SYNCVALUE_URL: `127.0.0.1:${value.port}`,
    SYNCSHIELD_URL: `http://127.0.0.1:${shieldPort}`,
    SYNCSHIELD_HTTP_PORT: String(shieldPort),
    SYNCFLOW_HTTP_PORT: '0',
    SYNCFLOW_EXCHANGES: `social=${await exchange.listen()}`,
    SYNCFLOW_VALUE_TTL_MS: '3600000',
    SYNCFLOW_BREAKER_OPEN_MS: '1000',
    SYNCFLOW_SETTLE_INTERVAL_MS: '200',
  };
  shieldHost = await start([syncshieldDefinition], { environment });
  host = await start([syncflowDefinition], { environment });
  const key = shieldHost.firstKey ?? host.firstKey ?? '';
  const headers = () => ({ authorization: `Bearer ${key}` });
  flow = new SyncFlowClient({ baseUrl: host.service('syncflow').httpUrl, headers });
  shield = new SyncShieldClient({ baseUrl: environment['SYNCSHIELD_URL'] ?? '', headers });
  await live('social', true);
}, 60_000);

afterAll(async () => {
  await host?.stop();
  await shieldHost?.stop();
  value?.stop();
  await exchange.close();
  await db?.drop();
  rmSync(home, { recursive: true });
});

async function live(channel: string, isLive: boolean): Promise<void> {
  await host.auth.admin.setLiveChannel({ tenant: TENANT, channel, isLive, changedBy: 'spec' });
}

async function campaignWith(
  id: string,
  limitMicros: bigint,
  change: { channel?: string; holdTtlMs?: number } = {},
): Promise<void> {
  await shield.createBudget(TENANT, {
    ...{ id: `b-${id}`, name: id, currency: 'EUR' },
    caps: [{ kind: 'total', limitMicros }],
  });
  await flow.saveCampaign(TENANT, {
    ...{ id, name: id, budgetId: `b-${id}`, currency: 'EUR', channel: 'social', valueShare: 0.3 },
    ...{ maxBidMicros: 400_000n, holdTtlMs: 600_000, holdGraceMs: 0 },
    ...change,
  });
}

function opportunities(count: number, prefix: string, seed = 1, first = 0): SimulatedOpportunity[] {
  return simulateOpportunities(
    {
      count,
      customerIds: Array.from({ length: 60 }, (_, i) => `c${first + i}`),
      ...{ channel: 'social', currency: 'EUR', idPrefix: prefix },
      segments: [
        { name: 'feed', weight: 3, medianFloorMicros: 30_000n },
        { name: 'story', weight: 1, medianFloorMicros: 60_000n },
      ],
    },
    new SeededRandom(seed),
  );
}

async function bid(campaignId: string, all: readonly SimulatedOpportunity[], size = 50) {
  for (let at = 0; at < all.length; at += size) {
    await flow.bid(TENANT, campaignId, all.slice(at, at + size));
  }
}

function queue() {
  return host.service('syncflow').app.get(Queues).queue('bids');
}

function tell(notices: readonly SimulatedNotice[]) {
  return flow.recordOutcomes(
    TENANT,
    notices.map(({ id, campaignId, opportunityId, kind, price, currency, happenedMs }) => ({
      ...{ id, campaignId, opportunityId, kind, currency, at: new Date(happenedMs) },
      ...(price === undefined ? {} : { price }),
    })),
  );
}

/** Delivers the notices of the exchange until all are told and settled; returns what was delivered. */
async function deliver(campaignIds: readonly string[]): Promise<SimulatedNotice[]> {
  const told: SimulatedNotice[] = [];
  await waitFor(
    async () => {
      const due = exchange.exchange.due(Date.now());
      if (due.length > 0) {
        await tell(due);
        told.push(...due);
      }
      if (exchange.exchange.pending > 0) return false;
      const reports = await Promise.all(campaignIds.map((id) => flow.report(TENANT, id)));
      return reports.every(({ unsettledOutcomes }) => unsettledOutcomes === 0);
    },
    { what: 'every notice to be settled', timeoutMs: 20_000 },
  );
  return told;
}

const ceilMicros = (price: string): bigint => (BigInt(price.replace('.', '')) + 999n) / 1000n;

describe('a bid job', () => {
  it('bids within the budget, captures what is billed, voids what is lost', async () => {
    const all = opportunities(300, 'a-');
    exchange.exchange.offer(all);
    await campaignWith('full', 6_000_000n);
    await bid('full', all);
    await queue().drained(30_000);
    const told = await deliver(['full']);
    const report = await flow.report(TENANT, 'full');
    expect(report).toMatchObject({ opportunities: 300, fallback: 0, refusedSettlements: 0 });
    expect(report.placed + report.noBid).toBe(300);
    expect(report.placed).toBeGreaterThan(20);
    // The budget ran out on the way.
    expect(report.noBidReasons['cap_exceeded']).toBeGreaterThan(0);
    expect(report.bidMicros).toBeLessThanOrEqual(6_000_000n);
    // Duplicates, delays and losses were among the notices, and each counted once.
    expect(told.some(({ isDuplicate }) => isDuplicate)).toBe(true);
    const billed = new Map(
      told.filter(({ kind }) => kind === 'billed').map(({ id, price }) => [id, ceilMicros(price!)]),
    );
    const billedMicros = [...billed.values()].reduce((sum, micros) => sum + micros, 0n);
    expect([report.billed, report.billedMicros]).toEqual([billed.size, billedMicros]);
    // Held is what no notice has settled, because it was lost; the hold's expiry gives that back.
    const settled = new Set(
      told.filter(({ kind }) => kind === 'billed' || kind === 'lost').map((n) => n.opportunityId),
    );
    let unsettledMicros = 0n;
    for await (const { status, opportunityId, priceMicros } of flow.decisions(TENANT, 'full')) {
      if (status === 'placed' && !settled.has(opportunityId)) unsettledMicros += priceMicros;
    }
    const { spentMicros, heldMicros } = await shield.getBudget(TENANT, 'b-full');
    expect([spentMicros, heldMicros]).toEqual([billedMicros, unsettledMicros]);
  });

  it('leaves nothing held when no notice ever comes', async () => {
    const all = opportunities(30, 'n-');
    await campaignWith('silent', 6_000_000n, { holdTtlMs: 1000 });
    await bid('silent', all);
    await queue().drained(30_000);
    expect((await flow.report(TENANT, 'silent')).placed).toBeGreaterThan(0);
    const isFree = async () => (await shield.getBudget(TENANT, 'b-silent')).heldMicros === 0n;
    await waitFor(isFree, { what: 'the holds to expire', timeoutMs: 20_000 });
  });

  it('is explained, decision by decision', async () => {
    const listed = [];
    for await (const decision of flow.decisions(TENANT, 'full')) listed.push(decision);
    expect(listed).toHaveLength(300);
    const placed = listed.find(({ status }) => status === 'placed');
    const [why] = await flow.why(TENANT, placed?.opportunityId ?? '');
    expect(why).toMatchObject({ ...placed, modelVersion: 'm1', snapshotVersion: 1 });
    expect(why?.explanation).toContain('Priced at');
    expect(why?.explanation).toContain('Budget: within_limits');
    await expect(flow.why(TENANT, 'nowhere')).rejects.toMatchObject({ code: 'decision_not_found' });
  });

  it('changes nothing when it is sent again', async () => {
    const before = await flow.report(TENANT, 'full');
    const requests = exchange.requests;
    await bid('full', opportunities(300, 'a-', 1), 77);
    await queue().drained(30_000);
    expect(await flow.report(TENANT, 'full')).toEqual(before);
    expect(exchange.requests).toBe(requests);
  });

  it('gives the same digest in another order, in other batches, with another budget', async () => {
    const all = opportunities(120, 'd-');
    exchange.exchange.offer(all);
    await campaignWith('one', 1_000n);
    await campaignWith('two', 1_000_000_000n, { channel: 'social' });
    await Promise.all([bid('one', all, 40), bid('two', all.toReversed(), 7)]);
    await queue().drained(30_000);
    const [one, two] = await Promise.all([flow.digest(TENANT, 'one'), flow.digest(TENANT, 'two')]);
    expect(one).toEqual({ ...two, campaignId: 'one' });
    expect(one.decisions).toBe(120);
    const reports = await Promise.all(['one', 'two'].map((id) => flow.report(TENANT, id)));
    expect(reports[0]?.placed).not.toBe(reports[1]?.placed);
    const other = opportunities(120, 'd-', 2);
    await campaignWith('three', 1_000n);
    await bid('three', other);
    await queue().drained(30_000);
    expect((await flow.digest(TENANT, 'three')).decisionsDigest).not.toBe(one.decisionsDigest);
    await deliver(['one', 'two', 'three']);
  });

  it('hands bids over once when the exchange took them and failed, and the job ran again', async () => {
    const all = opportunities(40, 'r-');
    exchange.exchange.offer(all);
    await campaignWith('retried', 1_000_000_000n);
    const { bids } = exchange.exchange.statement();
    exchange.failAfterTaking = 1;
    await bid('retried', all);
    await queue().drained(30_000);
    const { placed } = await flow.report(TENANT, 'retried');
    expect(placed).toBeGreaterThan(5);
    expect(exchange.exchange.statement().bids - bids).toBe(placed);
    expect(exchange.repeated).toBe(placed);
    await deliver(['retried']);
  });

  it('is a dry run on a channel that nobody switched on', async () => {
    const requests = exchange.requests;
    await campaignWith('dry', 1_000_000n, { channel: 'search' });
    const all = opportunities(30, 's-').map((o) => ({ ...o, channel: 'search' }));
    await bid('dry', all);
    await queue().drained(30_000);
    const report = await flow.report(TENANT, 'dry');
    expect(report).toMatchObject({ opportunities: 30, placed: 0 });
    expect(report.noBidReasons['dry_run']).toBeGreaterThan(0);
    expect(exchange.requests).toBe(requests);
    expect(await shield.getBudget(TENANT, 'b-dry')).toMatchObject({
      heldMicros: 0n,
      spentMicros: 0n,
    });
  });

  it('learns from outcomes: the next snapshot prices with other probabilities', async () => {
    const learned = await flow.learn(TENANT, 'two');
    expect(learned).toMatchObject({
      version: 2,
      modelVersion: 'm1',
      strangerValueMicros: 40_000_000n,
    });
    expect(learned.impressions).toBeGreaterThan(10);
    await bid('two', opportunities(10, 'l-'));
    await queue().drained(30_000);
    const [why] = await flow.why(TENANT, 'l-0');
    expect(why?.snapshotVersion).toBe(2);
    expect(why?.conversionProbability).not.toBe(0.02);
  });

  it('goes to the dead letters when its shape is wrong, and a foreign campaign is not found', async () => {
    await queue().add(TENANT, 'bid', { campaignId: 'full', opportunities: [{ id: 'x' }] });
    const [dead] = await waitFor(async () => {
      const letters = await queue().deadLetters();
      return letters.length > 0 ? letters : undefined;
    });
    expect(dead?.reason).toContain('invalid_request');
    await expect(flow.bid(TENANT, 'nowhere', opportunities(1, 'x-'))).rejects.toMatchObject({
      code: 'campaign_not_found',
    });
    await expect(
      flow.recordOutcomes(TENANT, [
        { id: 'n', campaignId: 'full', opportunityId: 'a-000', kind: 'billed', at: new Date(0) },
      ]),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('outages', () => {
  const metric = async (name: string): Promise<number> => {
    const page = await (await fetch(`${host.service('syncflow').httpUrl}/metrics`)).text();
    const line = page.split('\n').find((text) => text.startsWith(`kiki_syncflow_${name}`));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  };
  const ready = async () =>
    (await (await fetch(`${host.service('syncflow').httpUrl}/ready`)).json()) as {
      status: string;
      checks: { syncvalue: { status: string; breaker: string } };
    };

  it('SyncValue: three failures open the circuit, bids fall back, a probe closes it', async () => {
    await campaignWith('cut', 1_000_000_000n);
    expect(await ready()).toMatchObject({
      status: 'ready',
      checks: { syncvalue: { status: 'up', breaker: 'closed' } },
    });
    // Whom it talks to is no business of whoever may look at its health.
    expect(JSON.stringify(await ready())).not.toMatch(/127\.0\.0\.1|localhost/);
    value.stop();
    const asked = value.asked.length;
    // Customers that no job has asked for: nothing is cached.
    const cut = opportunities(100, 'cut-', 3, 1000);
    exchange.exchange.offer(cut);
    await bid('cut', cut, 20);
    await queue().drained(30_000);
    expect(await ready()).toMatchObject({
      status: 'degraded',
      checks: { syncvalue: { status: 'degraded' } },
    });
    expect(await metric('value_breaker_opened_total')).toBeGreaterThanOrEqual(1);
    const reasons = new Map<string | null, number>();
    let known = 0;
    for await (const decision of flow.decisions(TENANT, 'cut')) {
      if (decision.customerId === null) continue;
      known++;
      expect(decision).toMatchObject({ valueSource: 'fallback', valueMicros: 20_000_000n });
      reasons.set(decision.fallbackReason, (reasons.get(decision.fallbackReason) ?? 0) + 1);
    }
    // How many of each is a matter of time here; the unit spec counts.
    expect(['breaker_open', 'unavailable']).toEqual(expect.arrayContaining([...reasons.keys()]));
    expect(reasons.get('unavailable')).toBeGreaterThanOrEqual(3);
    const report = await flow.report(TENANT, 'cut');
    expect(report).toMatchObject({ opportunities: 100, fallback: known });
    expect(report.placed).toBeGreaterThan(0);
    expect(value.asked.length).toBe(asked);

    await value.start();
    await waitFor(async () => (await ready()).checks.syncvalue.breaker === 'closed', {
      what: 'the circuit to close',
    });
    const after = opportunities(20, 'after-', 4, 2000);
    exchange.exchange.offer(after);
    await bid('cut', after);
    await queue().drained(30_000);
    expect((await flow.report(TENANT, 'cut')).fallback).toBe(known);
    await deliver(['cut']);
  });

  it('SyncShield: no bid leaves while it is away; the jobs wait and then run', async () => {
    const all = opportunities(40, 'w-');
    exchange.exchange.offer(all);
    await campaignWith('waiting', 1_000_000_000n);
    const requests = exchange.requests;
    await shieldHost.stop();
    await bid('waiting', all);
    await waitFor(
      async () => (await metric('job_duration_seconds_count{queue="bids",outcome="failed"}')) > 0,
      {
        what: 'an attempt to fail',
      },
    );
    expect(exchange.requests).toBe(requests);
    expect((await flow.report(TENANT, 'waiting')).placed).toBe(0);
    shieldHost = await start([syncshieldDefinition], { environment });
    await queue().drained(30_000);
    const { placed } = await flow.report(TENANT, 'waiting');
    expect(placed).toBeGreaterThan(5);
    expect(exchange.requests).toBe(requests + 1);

    // Notices that come while SyncShield is away are kept and settled afterwards.
    await shieldHost.stop();
    const due = await waitFor(() => {
      const some = exchange.exchange.due(Date.now());
      return some.length > 0 ? some : undefined;
    });
    const receipts = await tell(due);
    expect(receipts.some(({ status }) => status === 'recorded')).toBe(true);
    expect((await flow.report(TENANT, 'waiting')).unsettledOutcomes).toBeGreaterThan(0);
    shieldHost = await start([syncshieldDefinition], { environment });
    await deliver(['waiting']);
    const { billedMicros } = await flow.report(TENANT, 'waiting');
    expect((await shield.getBudget(TENANT, 'b-waiting')).spentMicros).toBe(billedMicros);
  });

  it('PostgreSQL: every connection cut again and again, and still each bid leaves once, with its money', async () => {
    const all = opportunities(300, 'k-');
    exchange.exchange.offer(all);
    await campaignWith('cut-off', 1_000_000_000n);
    const { bids } = exchange.exchange.statement();
    const queued = bid('cut-off', all, 10);
    let cuts = 0;
    for (let round = 0; round < 25; round++) {
      cuts += (
        await db.database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()`,
        )
      ).length;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await queued.catch(() => undefined);
    expect(cuts).toBeGreaterThan(25);
    // What did not get into the queue is sent again; what did is sent twice.
    await waitFor(() => bid('cut-off', all, 50).then(() => true), { timeoutMs: 20_000 });
    await waitFor(async () => (await queue().drained(1_000), true), { timeoutMs: 45_000 });
    const report = await flow.report(TENANT, 'cut-off');
    expect(report.opportunities).toBe(300);
    expect(report.noBidReasons).not.toHaveProperty('priced');
    expect(report.noBidReasons).not.toHaveProperty('placing');
    expect(exchange.exchange.statement().bids - bids).toBe(report.placed);
    const { heldMicros, spentMicros } = await shield.getBudget(TENANT, 'b-cut-off');
    expect([heldMicros, spentMicros]).toEqual([report.bidMicros, 0n]);
    await deliver(['cut-off']);
    const { billedMicros } = await flow.report(TENANT, 'cut-off');
    expect((await shield.getBudget(TENANT, 'b-cut-off')).spentMicros).toBe(billedMicros);
  }, 120_000);
});
