/**
 * Goal: models come, compete and go as promised: only through gates, by force only with a reason, back in one call;
 * the challenger is compared off the answer path; drift is seen; customers are listed by value; refits are made once.
 * Method: the service started by the host on a real PostgreSQL, spoken to over gRPC; simulated logs.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  customerById,
  DriftLevel,
  LabelMoveKind,
  ModelKind,
  ModelLabel,
  RefitOutcome,
  ValueTier,
  type CustomerScore,
  type ListCustomersResponse,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { DomainError } from '@kiki/kernel';
import { testSeed, waitFor } from '@kiki/testing';
import { codeOf, startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(180_000);

const SCOPES = ['value:admin', 'value:write', 'value:read'];
const WAIT = { timeoutMs: 60_000, everyMs: 100 };
const steadyLog = (more: object = {}) =>
  simulatedLog({ seed: testSeed(), customers: 600, days: 600, ...more });
/** Nothing was bought in the last quarter except by one customer, who keeps the log open. */
const brokenLog = () => [
  ...steadyLog({ silentFrom: 440 }),
  ...simulatedLog({ seed: 1, customers: 1, days: 1, prefix: 'last' }).map((order) => ({
    ...order,
    occurredAt: new Date('2024-08-22'),
  })),
];

async function metricsOf({ host }: TestService): Promise<string> {
  return (await fetch(`${host.service('syncvalue').httpUrl}/metrics`)).text();
}

async function everyCustomer(
  client: SyncValueClient,
  request: { pageSize: number; valueTier?: ValueTier },
): Promise<CustomerScore[]> {
  const all: CustomerScore[] = [];
  let page: ListCustomersResponse | undefined;
  do {
    const pageToken: string = page?.nextPageToken ?? '';
    page = await client.listCustomers({ ...request, pageToken });
    all.push(...page.customers);
  } while (page.nextPageToken !== '');
  return all;
}

describe('the life of models', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService({
      environment: { SYNCVALUE_UPKEEP_EVERY_SECONDS: '1', SYNCVALUE_SHADOW_SHARE: '1' },
    });
  });

  afterAll(() => service.stop());

  describe('of a steady log', () => {
    let client: SyncValueClient;

    beforeAll(async () => {
      client = await service.clientWith(SCOPES, 'steady');
      await client.ingest(steadyLog());
      await client.fitModel({ kind: ModelKind.BGNBD });
    });

    it('keeps the back-test, the covariance and the population in at most 4 KB', async () => {
      const { model } = await client.getModel({ $case: 'modelVersion', value: 'v1' });
      expect(model?.artefactBytes).toBeGreaterThan(1_000);
      expect(model?.artefactBytes).toBeLessThanOrEqual(4_096);
      expect(model?.backtest?.deciles).toHaveLength(10);
      expect(model?.backtest?.holdoutEnd).toEqual(model?.calibrationEnd);
      expect(model?.backtest?.horizonDays).toBeGreaterThan(140);
      expect(model?.backtestBaseline?.metrics?.mae).toBeGreaterThan(model?.backtest?.mae ?? 0);
      const parameters = model?.parameters ?? [];
      expect(model?.logCovariance).toHaveLength(parameters.length ** 2);
      parameters.forEach(({ value, standardError = NaN }, i) => {
        const variance = model?.logCovariance[i * (parameters.length + 1)] ?? NaN;
        expect((Math.sqrt(variance) * value) / standardError).toBeCloseTo(1, 5);
      });
      const [stored] = await service.db.database.query<{ bytes: number }>(
        `SELECT octet_length(artefact::text) AS bytes FROM syncvalue.models WHERE tenant = 'steady'`,
      );
      expect(stored?.bytes).toBe(model?.artefactBytes);
    });

    it('scores the same window that Backtest scores', async () => {
      const { model } = await client.getModel({ $case: 'modelVersion', value: 'v1' });
      const { calibrationEnd, holdoutEnd } = model?.backtest ?? {};
      const { windows } = await client.backtest({
        ...{ kind: ModelKind.BGNBD, calibrationEnd, holdoutEnd },
      });
      expect(windows[0]?.metrics?.mae).toBeCloseTo(model?.backtest?.mae ?? NaN, 8);
      expect(windows[0]?.metrics?.actualPurchases).toBe(model?.backtest?.actualPurchases);
    });

    it('lets a model through the gates and says what they said', async () => {
      const second = await client.fitModel({ kind: ModelKind.BGNBD });
      const { gates, previousVersion, model } = await client.promoteModel({
        ...{ modelVersion: second.modelVersion, isForced: true, reason: 'not needed' },
      });
      expect(previousVersion).toBe('v1');
      expect(model?.labels).toEqual([ModelLabel.CHAMPION]);
      expect(gates.map(({ gate, isPassed }) => [gate, isPassed])).toEqual([
        ...[['backtest', true] as const, ['mae_ratio', true], ['bias', true]],
        ...[
          ['spend_bias', true],
          ['decile_mape', true],
          ['normalized_gini', true],
        ],
      ]);
      const { moves } = await client.listLabelMoves();
      expect(moves[0]).toMatchObject({ kind: LabelMoveKind.PROMOTION, isForced: false });
    });

    it('lists every customer once, by value, as Predict answers', async () => {
      const { stamp } = await waitFor(async () => {
        const page = await client.listCustomers({ pageSize: 1 });
        return page.stamp?.modelVersion === 'v2' ? page : undefined;
      }, WAIT);
      const listed = await everyCustomer(client, { pageSize: 70 });
      expect(listed).toHaveLength(Number(stamp?.customerCount));
      expect(new Set(listed.map(({ customerId }) => customerId)).size).toBe(listed.length);
      const { results } = await client.predictBatch(
        listed.map(({ customerId }) => customerById(customerId)),
      );
      expect(listed.map(({ ltvMicros, valueTier }) => [ltvMicros, valueTier])).toEqual(
        results.map(({ outcome }) =>
          outcome?.$case === 'prediction' ? [outcome.value.ltvMicros, outcome.value.valueTier] : [],
        ),
      );
      const sorted = listed.toSorted(
        (a, b) => Number(b.ltvMicros - a.ltvMicros) || (a.customerId < b.customerId ? -1 : 1),
      );
      expect(listed).toEqual(sorted);
      const top = await everyCustomer(client, { pageSize: 7, valueTier: ValueTier.TOP });
      expect(top).toEqual(listed.filter(({ valueTier }) => valueTier === ValueTier.TOP));
      expect(top.length).toBeGreaterThan(10);
    });

    it('scores recency, frequency and money by quintiles, as the definition says', async () => {
      const listed = await everyCustomer(client, { pageSize: 1000 });
      const customers = await Promise.all(
        listed.map(async ({ customerId }) => (await client.getCustomer(customerId)).customer),
      );
      expect(customers.map((customer) => customer?.score)).toEqual(listed);
      expect(customers[0]?.scoreStamp).toMatchObject({ modelVersion: 'v2', horizonDays: 365.25 });
      const scoreBy = (values: number[]): number[] => {
        const sorted = values.toSorted((a, b) => a - b);
        const bounds = [1, 2, 3, 4].map((k) => sorted[Math.ceil((k * sorted.length) / 5) - 1] ?? 0);
        return values.map((value) => 1 + bounds.filter((bound) => value > bound).length);
      };
      const by = (measure: (customer: (typeof customers)[number]) => number): number[] =>
        scoreBy(customers.map(measure));
      const rfm = listed.map((score) => score.rfm);
      expect(rfm.map((one) => one?.recency)).toEqual(
        by((customer) => customer?.lastPurchaseAt?.getTime() ?? 0),
      );
      expect(rfm.map((one) => one?.frequency)).toEqual(
        by((customer) => customer?.repeatPurchases ?? 0),
      );
      expect(rfm.map((one) => one?.monetary)).toEqual(
        by((customer) => Number(customer?.totalSpendMicros ?? 0n)),
      );
    });

    it('compares the challenger beside the champion, and no answer changes by it', async () => {
      expect((await client.getShadowComparison()).comparison).toBeUndefined();
      const ids = Array.from({ length: 300 }, (_, i) => customerById(`c${i}`));
      const before = await client.predictBatch(ids);
      const calibrationEnd = new Date('2023-12-01');
      const label = ModelLabel.CHALLENGER;
      const challenger = await client.fitModel({ kind: ModelKind.NBD, calibrationEnd, label });
      const alone = await client.predictBatch(ids, {
        model: { $case: 'label', value: ModelLabel.CHALLENGER },
      });
      const after = await client.predictBatch(ids);
      expect(after.results).toEqual(before.results);
      const comparison = await waitFor(
        async () => (await client.getShadowComparison()).comparison,
        WAIT,
      );
      expect(comparison).toMatchObject({
        championVersion: 'v2',
        challengerVersion: challenger.modelVersion,
        currency: 'USD',
      });
      const mean = (answer: typeof alone): number =>
        answer.results.reduce(
          (sum, { outcome }) =>
            sum + (outcome?.$case === 'prediction' ? Number(outcome.value.ltvMicros) : NaN) / 300,
          0,
        );
      expect(comparison.pairCount).toBe(300n);
      expect(Math.abs(Number(comparison.challengerMeanMicros) - mean(alone))).toBeLessThan(2);
      expect(Math.abs(Number(comparison.championMeanMicros) - mean(after))).toBeLessThan(2);
      expect(Number(comparison.meanDifferenceMicros)).toBeGreaterThan(0);
      expect(comparison.rankCorrelation).toBeGreaterThan(0.3);
      expect(comparison.psi).toBeGreaterThan(0);
      const metrics = await waitFor(async () => {
        const text = await metricsOf(service);
        return /shadow_pairs_total 300/.test(text) ? text : undefined;
      }, WAIT);
      expect(metrics).toMatch(/kiki_syncvalue_shadow_rank_correlation 0\.\d/);
    });

    it('finds no drift where nothing has changed, and says so in every answer', async () => {
      const { drift } = await client.getDrift();
      expect(drift).toMatchObject({ modelVersion: 'v2', level: DriftLevel.STABLE });
      expect(drift?.features.map(({ feature, psi }) => [feature, psi])).toEqual(
        ['frequency', 'recency', 'age', 'spend', 'score'].map((feature) => [feature, 0]),
      );
      const { model } = await client.predict(customerById('c1'));
      expect(model).toMatchObject({ driftLevel: DriftLevel.STABLE, driftPsi: 0 });
    });

    it('sees a population that has changed', async () => {
      const { nextPageToken } = await client.listCustomers({ pageSize: 5 });
      const rich = simulatedLog({
        ...{ seed: testSeed() + 1, customers: 400, days: 600, prefix: 'rich', amount: 200 },
      });
      await client.ingest(rich);
      const { drift } = await waitFor(async () => {
        const answer = await client.getDrift();
        return answer.drift?.level === DriftLevel.ALARM ? answer : undefined;
      }, WAIT);
      const spend = drift?.features.find(({ feature }) => feature === 'spend');
      expect(spend).toMatchObject({ level: DriftLevel.ALARM });
      expect(drift?.maxPsi).toBeGreaterThanOrEqual(spend?.psi ?? NaN);
      const { model } = await client.getModel({ $case: 'label', value: ModelLabel.CHAMPION });
      expect(model?.drift?.maxPsi).toBe(drift?.maxPsi);
      await waitFor(async () => {
        const { model: stamp } = await client.predict(customerById('c1'));
        return stamp?.driftLevel === DriftLevel.ALARM && stamp.driftPsi === drift?.maxPsi;
      }, WAIT);
      const [, gauge] =
        /kiki_syncvalue_drift_psi\{feature="spend"\} (\S+)/.exec(await metricsOf(service)) ?? [];
      expect(Number(gauge)).toBeCloseTo(spend?.psi ?? NaN, 9);
      // A listing goes on in the table it began with, until that is gone.
      const rest = await client.listCustomers({ pageToken: nextPageToken, pageSize: 1000 });
      expect(rest.customers.some(({ customerId }) => customerId.startsWith('rich'))).toBe(false);
      const { stamp } = await client.listCustomers({ pageSize: 1 });
      await client.ingest(simulatedLog({ seed: 3, customers: 1, days: 600, prefix: 'late' }));
      await waitFor(async () => {
        const page = await client.listCustomers({ pageSize: 1 });
        return page.stamp?.customerCount !== stamp?.customerCount;
      }, WAIT);
      expect(await codeOf(client.listCustomers({ pageToken: nextPageToken }))).toBe(
        'scores_refreshed',
      );
    });
  });

  describe('of a log that broke off', () => {
    let client: SyncValueClient;

    beforeAll(async () => {
      client = await service.clientWith(SCOPES, 'broken');
      await client.ingest(brokenLog());
      await client.fitModel({ kind: ModelKind.NBD, calibrationEnd: new Date('2024-03-01') });
    });

    it('refuses the place of the champion and lists each gate that did', async () => {
      const said: string[] = [];
      const second = await client.fitModel(
        { kind: ModelKind.BGNBD, label: ModelLabel.CHAMPION },
        {
          onGates: (gates) =>
            said.push(...gates.map(({ gate, isPassed }) => `${gate} ${isPassed}`)),
        },
      );
      expect(second).toMatchObject({ modelVersion: 'v2', labels: [] });
      expect(said).toContain('bias false');
      const refusal = await client.promoteModel({ modelVersion: 'v2' }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!DomainError.is(refusal)) throw new Error('expected a refusal');
      expect(refusal.code).toBe('promotion_refused');
      expect(refusal.message).toMatch(/^v2 does not become champion: .*bias [\d.]+ > [\d.]+/);
      const failed = refusal.details['failedGates'] as { gate: string; value: number }[];
      expect(failed).toContainEqual(expect.objectContaining({ gate: 'bias' }));
      const { model } = await client.getModel({ $case: 'label', value: ModelLabel.CHAMPION });
      expect(model?.modelVersion).toBe('v1');
    });

    it('refuses force without a reason, and a reason that is too long', async () => {
      const force = { modelVersion: 'v2', isForced: true };
      expect(await codeOf(client.promoteModel(force))).toBe('promotion_reason_invalid');
      const reason = 'x'.repeat(501);
      expect(await codeOf(client.promoteModel({ ...force, reason }))).toBe(
        'promotion_reason_invalid',
      );
    });

    it('records who forced it when and why, and goes back in one call', async () => {
      const reason = 'the shop was closed';
      const { previousVersion } = await client.promoteModel({
        ...{ modelVersion: 'v2', isForced: true, reason },
      });
      expect(previousVersion).toBe('v1');
      expect((await client.predict(customerById('c1'))).model?.modelVersion).toBe('v2');
      expect(await codeOf(client.rollbackModel({ expectedCurrentVersion: 'v1' }))).toBe(
        'label_moved',
      );
      const back = await client.rollbackModel({ reason: 'it was a mistake' });
      expect(back).toMatchObject({ previousVersion: 'v2', model: { modelVersion: 'v1' } });
      expect((await client.predict(customerById('c1'))).model?.modelVersion).toBe('v1');
      expect(await codeOf(client.rollbackModel())).toBe('previous_version_missing');
      const first = await client.listLabelMoves({ pageSize: 2 });
      const rest = await client.listLabelMoves({ pageSize: 2, pageToken: first.nextPageToken });
      expect(rest.nextPageToken).toBe('');
      const facts = [...first.moves, ...rest.moves].map((move) => [
        ...[LabelMoveKind[move.kind], move.previousVersion, move.modelVersion],
        ...[move.reason, move.isForced],
      ]);
      expect(facts).toEqual([
        ['ROLLBACK', 'v2', 'v1', 'it was a mistake', false],
        ['PROMOTION', 'v1', 'v2', reason, true],
        ['FIRST', '', 'v1', '', false],
      ]);
      const [, forced] = first.moves;
      expect(forced?.movedBy).toMatch(/./);
      expect(forced?.movedAt).toBeInstanceOf(Date);
      expect(forced?.gates.filter(({ isPassed }) => !isPassed).map(({ gate }) => gate)).toContain(
        'bias',
      );
    });

    it('asks for the scope that each call needs', async () => {
      const reader = await service.clientWith(['value:read'], 'broken');
      const writer = await service.clientWith(['value:write'], 'broken');
      for (const client of [reader, writer]) {
        expect(await codeOf(client.rollbackModel())).toBe('scope_missing');
        expect(await codeOf(client.promoteModel({ modelVersion: 'v1' }))).toBe('scope_missing');
      }
    });
  });
});

describe('the place of the champion under load', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService();
  });

  afterAll(() => service.stop());

  it('changes hands by promotion and rollback without a failed call, and each move counts for the next', async () => {
    const { client } = service;
    await client.ingest(steadyLog());
    for (let i = 0; i < 2; i++) await client.fitModel({ kind: ModelKind.BGNBD });
    let isOver = false;
    const versions = new Set<string>();
    const call = async (): Promise<number> => {
      let calls = 0;
      for (; !isOver; calls++) {
        const { model } = await client.predict(customerById(`c${calls % 600}`));
        versions.add(model?.modelVersion ?? '');
      }
      return calls;
    };
    const callers = Promise.all(Array.from({ length: 8 }, call));
    const force = { modelVersion: 'v2', isForced: true, reason: 'spec' };
    try {
      for (let i = 0; i < 10; i++) {
        for (const [move, expected] of [
          [() => client.promoteModel(force), 'v2'],
          [() => client.rollbackModel(), 'v1'],
        ] as const) {
          await move();
          const { model } = await client.predict(customerById('c1'));
          expect(model?.modelVersion).toBe(expected);
        }
      }
    } finally {
      isOver = true;
    }
    const calls = await callers;
    expect(calls.every((count) => count > 0)).toBe(true);
    expect([...versions].sort()).toEqual(['v1', 'v2']);
    expect((await client.listLabelMoves({ pageSize: 100 })).moves).toHaveLength(21);
  });
});

describe('scheduled refits', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService({
      environment: {
        SYNCVALUE_UPKEEP_EVERY_SECONDS: '1',
        SYNCVALUE_REFIT_EVERY_HOURS: '0.0003',
        SYNCVALUE_REFIT_PROMOTES: 'true',
      },
    });
  });

  afterAll(() => service.stop());

  it('fit the champion’s recipe once per growth in two processes, and promote what passes', async () => {
    const other = await service.startAgain();
    try {
      const client = await service.clientWith(SCOPES, 'growing');
      await client.ingest(steadyLog());
      await client.fitModel({ kind: ModelKind.BGNBD });
      await client.ingest(simulatedLog({ seed: 7, customers: 50, days: 600, prefix: 'new' }));
      const { refits } = await waitFor(async () => {
        const answer = await client.listRefits();
        return answer.refits[0]?.endedAt === undefined ? undefined : answer;
      }, WAIT);
      expect(refits).toMatchObject([{ outcome: RefitOutcome.PROMOTED, modelVersion: 'v2' }]);
      const { model } = await client.getModel({ $case: 'label', value: ModelLabel.CHAMPION });
      expect(model).toMatchObject({ modelVersion: 'v2', kind: ModelKind.BGNBD });
      const { moves } = await client.listLabelMoves();
      expect(moves[0]).toMatchObject({
        ...{ kind: LabelMoveKind.REFIT, label: ModelLabel.CHAMPION, modelVersion: 'v2' },
        movedBy: 'scheduled refit',
      });
      // Several turns of both processes later there is still one: the log has not grown.
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      expect((await client.listRefits()).refits).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it('keep a model that fails a gate as challenger', async () => {
    const client = await service.clientWith(SCOPES, 'broken');
    await client.ingest(steadyLog({ silentFrom: 430 }));
    await client.fitModel({ kind: ModelKind.BGNBD });
    await client.ingest(brokenLog());
    const [run] = await waitFor(async () => {
      const { refits } = await client.listRefits();
      return refits[0]?.endedAt === undefined ? undefined : refits;
    }, WAIT);
    expect(run).toMatchObject({
      outcome: RefitOutcome.REFUSED,
      errorCode: 'promotion_refused',
      modelVersion: 'v2',
    });
    const { models } = await client.listModels();
    expect(models.map(({ labels }) => labels)).toEqual([
      [ModelLabel.CHALLENGER],
      [ModelLabel.CHAMPION],
    ]);
  });

  it('show a failure in record, readiness and metrics, and what a dead process left behind', async () => {
    const { database } = service.db;
    const client = await service.clientWith(SCOPES, 'failing');
    await client.ingest(steadyLog());
    await client.fitModel({ kind: ModelKind.BGNBD });
    await database.execute(
      `CREATE FUNCTION syncvalue.refuse_failing() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN IF NEW.tenant = 'failing' THEN RAISE EXCEPTION 'disk full'; END IF; RETURN NEW; END $$`,
    );
    await database.execute(
      `CREATE TRIGGER refuse_failing BEFORE INSERT ON syncvalue.models
       FOR EACH ROW EXECUTE FUNCTION syncvalue.refuse_failing()`,
    );
    await database.execute(
      `INSERT INTO syncvalue.refit_runs (tenant, started_at, outcome)
       VALUES ('failing', now() - interval '1 hour', 'running')`,
    );
    await client.ingest(simulatedLog({ seed: 7, customers: 50, days: 600, prefix: 'new' }));
    const refits = await waitFor(async () => {
      const answer = await client.listRefits();
      return answer.refits.some(({ outcome }) => outcome === RefitOutcome.FAILED)
        ? answer.refits
        : undefined;
    }, WAIT);
    expect(refits.at(-1)).toMatchObject({ outcome: RefitOutcome.LOST });
    const url = service.host.service('syncvalue').httpUrl;
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(200);
    const text = await ready.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 'degraded',
      checks: { models: { status: 'degraded', failedRefits: { fit_failed: 1 } } },
    });
    const metrics = await metricsOf(service);
    expect(metrics).not.toContain('tenant=');
    for (const tenant of ['failing', 'steady']) {
      expect(`${text}${metrics}`).not.toContain(`"${tenant}"`);
    }
    expect(metrics).toMatch(/kiki_syncvalue_refits_total\{outcome="failed"\} [1-9]/);
  });
});
