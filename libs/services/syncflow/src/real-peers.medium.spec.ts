/**
 * Goal: SyncFlow prices with what the real SyncValue says, survives its death, and comes back by itself.
 * Method: the three services as processes start them, on PostgreSQL; SyncValue is stopped and started again on its
 * port.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SyncFlowClient } from '@kiki/contract-syncflow';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { customerById, SyncValueClient, type Transaction } from '@kiki/contract-syncvalue';
import { start, type Host } from '@kiki/host';
import { roundHalfEven, SeededRandom } from '@kiki/kernel';
import { Queues } from '@kiki/queue';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import { createTestDatabase, freePort, waitFor, type TestDatabase } from '@kiki/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syncflowDefinition } from './syncflow.definition.js';

const TENANT = 'default';
const home = mkdtempSync(join(tmpdir(), 'kiki-flow-'));
let db: TestDatabase;
let environment: Record<string, string>;
let valueHost: Host;
let host: Host;
let value: SyncValueClient;
let flow: SyncFlowClient;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const [grpcPort, httpPort] = [await freePort(), await freePort()];
  environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    KIKI_SECRET: 'a secret of the specs, long enough for everybody',
    SYNCVALUE_URL: `127.0.0.1:${grpcPort}`,
    SYNCVALUE_GRPC_PORT: String(grpcPort),
    SYNCVALUE_HTTP_PORT: String(httpPort),
    SYNCFLOW_BREAKER_OPEN_MS: '6000',
  };
  valueHost = await start([syncvalueDefinition], { environment });
  host = await start([syncshieldDefinition, syncflowDefinition], { environment, portBase: 0 });
  const key = valueHost.firstKey ?? '';
  const headers = () => ({ authorization: `Bearer ${key}` });
  value = new SyncValueClient({ target: `127.0.0.1:${grpcPort}`, headers });
  flow = new SyncFlowClient({ baseUrl: host.service('syncflow').httpUrl, headers });
  const baseUrl = host.service('syncshield').httpUrl;
  await new SyncShieldClient({ baseUrl, headers }).createBudget(TENANT, {
    ...{ id: 'ads', name: 'Ads', currency: 'USD' },
    caps: [{ kind: 'total', limitMicros: 1_000_000_000n }],
  });
}, 60_000);

afterAll(async () => {
  value?.close();
  await host?.stop();
  await valueHost?.stop();
  await db?.drop();
  rmSync(home, { recursive: true });
});

function orderLog(): Transaction[] {
  const random = new SeededRandom(5);
  return Array.from({ length: 150 }, (_, i) => {
    const [count, first] = [1 + random.nextInt(8), random.nextInt(300)];
    return Array.from({ length: count }, (__, k) => ({
      ...{ transactionId: `t${i}-${k}`, customerId: `c${i}`, currency: 'USD', kind: 0 },
      occurredAt: new Date(Date.UTC(2024, 0, 1 + first + k * (1 + random.nextInt(60)), 12)),
      amountMicros: BigInt(5 + random.nextInt(50)) * 1_000_000n,
      acquisition: undefined,
    }));
  }).flat();
}

const opportunity = (id: string, customerId?: string) => ({
  ...{ id, channel: 'social', floorMicros: 0n, currency: 'USD' },
  ...(customerId === undefined ? {} : { customerId }),
});

async function decide(opportunities: readonly ReturnType<typeof opportunity>[]) {
  await flow.bid(TENANT, 'spring', opportunities);
  await host.service('syncflow').app.get(Queues).queue('bids').drained(30_000);
  const answers = await Promise.all(opportunities.map(({ id }) => flow.why(TENANT, id)));
  return answers.map(([decision]) => decision!);
}

async function breaker(): Promise<string | undefined> {
  const response = await fetch(`${host.service('syncflow').httpUrl}/ready`);
  const { checks } = (await response.json()) as {
    checks: Record<string, { breaker?: string } | undefined>;
  };
  return checks['syncvalue']?.breaker;
}

describe('with the real SyncValue', () => {
  it('bids nothing before there is a model, and notices when there is one', async () => {
    await flow.saveCampaign(TENANT, {
      ...{ id: 'spring', name: 'Spring', budgetId: 'ads', currency: 'USD', channel: 'social' },
      ...{ valueShare: 0.5, maxBidMicros: 100_000_000n },
    });
    const [early] = await decide([opportunity('early', 'c1')]);
    expect(early).toMatchObject({ reason: 'value_not_positive', fallbackReason: 'model_missing' });
    expect(await breaker()).toBe('closed');
    await value.ingest(orderLog());
    await value.fitModel();
    const [later] = await decide([opportunity('later', 'c1')]);
    expect(later).toMatchObject({ valueSource: 'model', snapshotVersion: 2, status: 'dry_run' });
    expect(later?.modelVersion).toBeTruthy();
  });

  it('takes the value of each customer to the micro, unknown ones and strangers as cold starts', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `c${i}`);
    const decisions = await decide([
      ...ids.map((id) => opportunity(`o-${id}`, id)),
      opportunity('o-unknown', 'nobody'),
      opportunity('o-stranger'),
    ]);
    const { results } = await value.predictBatch(ids.map(customerById));
    const expected = results.map(({ outcome }) =>
      outcome?.$case === 'prediction' ? outcome.value.ltvMicros : undefined,
    );
    expect(decisions.slice(0, 20).map(({ valueMicros }) => valueMicros)).toEqual(expected);
    const [unknown, stranger] = decisions.slice(20);
    expect(unknown).toMatchObject({
      valueSource: 'cold_start',
      fallbackReason: 'unknown_customer',
    });
    expect(stranger).toMatchObject({ valueSource: 'cold_start', fallbackReason: 'no_customer_id' });
    expect(stranger?.valueMicros).toBe(unknown?.valueMicros);
    for (const { valueMicros, conversionProbability, priceMicros, valueShare } of decisions) {
      expect(priceMicros).toBe(
        roundHalfEven(Number(valueMicros) * conversionProbability * valueShare),
      );
    }
  });

  it('keeps to the model of its snapshot until somebody learns', async () => {
    const [before] = await decide([opportunity('before', 'c2')]);
    const model = await value.fitModel();
    // What the log of this spec looks like to the gates is no matter here.
    const { modelVersion } = model;
    await value.promoteModel({ modelVersion, isForced: true, reason: 'spec' });
    const [after] = await decide([opportunity('after', 'c3')]);
    expect(after?.modelVersion).toBe(before?.modelVersion);
    expect((await flow.learn(TENANT, 'spring')).modelVersion).toBe(model.modelVersion);
    const [learned] = await decide([opportunity('learned', 'c3')]);
    expect(learned?.modelVersion).toBe(model.modelVersion);
  });

  it('falls back when SyncValue dies: three failures, open, and closed again after its return', async () => {
    await valueHost.stop();
    const reasons: (string | null)[] = [];
    for (let i = 0; i < 5; i++) {
      const [decision] = await decide([opportunity(`cut-${i}`, `c${100 + i}`)]);
      expect(decision).toMatchObject({ valueSource: 'fallback', reason: 'bid', status: 'dry_run' });
      reasons.push(decision!.fallbackReason);
    }
    expect(reasons.slice(0, 3)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(reasons).toContain('breaker_open');
    expect(await breaker()).not.toBe('closed');
    // A customer that is in the cache is still worth what the model said.
    const [cached] = await decide([opportunity('cached', 'c3')]);
    expect(cached?.valueSource).toBe('model');
    valueHost = await start([syncvalueDefinition], { environment });
    await waitFor(async () => (await breaker()) === 'closed', {
      what: 'the circuit to close',
      timeoutMs: 40_000,
    });
    const [back] = await decide([opportunity('back', 'c105')]);
    expect(back).toMatchObject({ valueSource: 'model', fallbackReason: null });
  }, 60_000);
});
