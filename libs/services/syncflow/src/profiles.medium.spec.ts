/**
 * Goal: the same order log and opportunities give the same decisions on every profile, however many workers and whatever
 * the order of the jobs. Method: the three services twice, each on stores of its own, with an equal log; digests compared.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SyncFlowClient, type DecisionsDigest } from '@kiki/contract-syncflow';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { SyncValueClient, type Transaction } from '@kiki/contract-syncvalue';
import { simulateOpportunities, type SimulatedOpportunity } from '@kiki/exchange-sim';
import { start } from '@kiki/host';
import { SeededRandom } from '@kiki/kernel';
import { Queues } from '@kiki/queue';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import {
  createTestDatabase,
  describeUnless,
  redisMissing,
  startRedis,
  type TestRedis,
} from '@kiki/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syncflowDefinition } from './syncflow.definition.js';

const TENANT = 'default';
const services = [syncvalueDefinition, syncshieldDefinition, syncflowDefinition];
const customerIds = Array.from({ length: 120 }, (_, i) => `c${i}`);

function orderLog(): Transaction[] {
  const random = new SeededRandom(9);
  return customerIds.flatMap((customerId) => {
    const [count, first] = [1 + random.nextInt(8), random.nextInt(300)];
    return Array.from({ length: count }, (_, k) => ({
      ...{ transactionId: `${customerId}-${k}`, customerId, currency: 'USD', kind: 0 },
      occurredAt: new Date(Date.UTC(2024, 0, 1 + first + k * (1 + random.nextInt(60)), 12)),
      amountMicros: BigInt(5 + random.nextInt(50)) * 1_000_000n,
      acquisition: undefined,
    }));
  });
}

const opportunities = (): SimulatedOpportunity[] =>
  simulateOpportunities(
    {
      ...{ count: 400, channel: 'social', currency: 'USD', strangerShare: 0.2 },
      customerIds: [...customerIds, 'unknown-1', 'unknown-2'],
      segments: [{ name: 'feed', weight: 1, medianFloorMicros: 50_000n }],
    },
    new SeededRandom(3),
  );

/** One installation from an empty store to decided jobs. */
async function decide(
  settings: Record<string, string>,
  jobs: readonly (readonly SimulatedOpportunity[])[],
): Promise<DecisionsDigest & { readonly profile: string }> {
  const db = await createTestDatabase({ schema: 'unused' });
  const home = mkdtempSync(join(tmpdir(), 'kiki-flow-'));
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent', ...settings };
  const host = await start(services, { environment, portBase: 0 });
  const headers = () => ({ authorization: `Bearer ${host.firstKey ?? ''}` });
  const value = new SyncValueClient({
    target: host.service('syncvalue').grpcTarget ?? '',
    headers,
  });
  try {
    await value.ingest(orderLog());
    await value.fitModel();
    const shield = { baseUrl: host.service('syncshield').httpUrl, headers };
    await new SyncShieldClient(shield).createBudget(TENANT, {
      ...{ id: 'ads', name: 'Ads', currency: 'USD' },
      caps: [{ kind: 'total', limitMicros: 5_000_000n }],
    });
    const flow = new SyncFlowClient({ baseUrl: host.service('syncflow').httpUrl, headers });
    await flow.saveCampaign(TENANT, {
      ...{ id: 'spring', name: 'Spring', budgetId: 'ads', currency: 'USD', channel: 'social' },
      ...{ valueShare: 0.5, maxBidMicros: 400_000n },
    });
    await Promise.all(jobs.map((job) => flow.bid(TENANT, 'spring', job)));
    await host.service('syncflow').app.get(Queues).queue('bids').drained(30_000);
    expect((await flow.report(TENANT, 'spring')).fallback).toBe(0);
    return { ...(await flow.digest(TENANT, 'spring')), profile: host.profile };
  } finally {
    value.close();
    await host.stop();
    await db.drop();
    rmSync(home, { recursive: true });
  }
}

function jobsOf(all: readonly SimulatedOpportunity[], size: number): SimulatedOpportunity[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  );
}

describeUnless(redisMissing(), 'decisions on two profiles', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = (await startRedis())!;
  });

  afterAll(() => redis.stop());

  it('have one digest', async () => {
    const all = opportunities();
    const first = await decide({ SYNCFLOW_BID_CONCURRENCY: '1' }, jobsOf(all, 100));
    const second = await decide(
      { SYNCFLOW_BID_CONCURRENCY: '8', REDIS_URL: redis.url, SYNCFLOW_VALUE_TTL_MS: '1' },
      jobsOf(all.toReversed(), 17),
    );
    expect(second).toEqual({ ...first, profile: 'standard' });
    expect(first).toMatchObject({ decisions: 400, profile: 'one-store' });
  }, 60_000);
});
