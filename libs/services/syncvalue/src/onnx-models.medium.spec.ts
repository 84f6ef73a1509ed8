/**
 * Goal: a model that a user brings answers exactly what its graph says, through every call that fitted models answer, and
 * whatever it does wrong is told by name and hurts nobody. Method: the service started by the host on a real PostgreSQL,
 * spoken to over gRPC; graphs written here, whose answers are known in closed form; children killed under calls.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  customerById,
  FallbackReason,
  ModelKind,
  ModelLabel,
  OnnxFeature,
  OnnxInputType,
  SpendModelKind,
  type CustomerQuery,
  type Prediction,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { DomainError } from '@kiki/kernel';
import { itUnless, testSeed, waitFor } from '@kiki/testing';
import {
  encodeOnnx,
  rateDeclaration,
  rateGraph,
  rateGraphThen,
  ratePurchases,
  revenueDeclaration,
  revenueGraph,
} from './brought-graphs.fixture.js';
import { codeOf, startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(180_000);

const SCOPES = ['value:admin', 'value:write', 'value:read'];
const WAIT = { timeoutMs: 60_000, everyMs: 100 };
const HORIZON = 365.25;
/** Even purchases over the default horizon at the default rate. */
const delta = Math.log(1.1);
const EVEN_DISCOUNT = -Math.expm1(-delta) / delta;
const log = simulatedLog({ seed: testSeed(), customers: 400, days: 600 });
const customerIds = [...new Set(log.map(({ customerId }) => customerId))];

const statistics = (repeatPurchases: number, ageDays: number, spend?: number): CustomerQuery => ({
  subject: {
    $case: 'statistics',
    value: {
      repeatPurchases,
      recencyDays: repeatPurchases === 0 ? 0 : ageDays / 2,
      ageDays,
      meanRepeatSpendMicros: spend === undefined ? undefined : BigInt(spend * 1e6),
    },
  },
  acquisition: undefined,
});

async function fieldsOf(work: Promise<unknown>): Promise<[code: string, ...fields: string[]]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!DomainError.is(error)) throw new Error(`expected a DomainError, got ${String(error)}`);
  return [error.code, ...(error.details.fields ?? []).map(({ field }) => field)];
}

describe('a brought model', () => {
  let service: TestService;
  let client: SyncValueClient;
  const bring = (
    graph = rateGraph(),
    declaration = rateDeclaration(),
    call: Parameters<SyncValueClient['importModel']>[2] = {},
  ) => client.importModel(declaration, encodeOnnx(graph), call);
  const bytes = encodeOnnx(rateGraph());

  beforeAll(async () => {
    service = await startService({
      environment: {
        SYNCVALUE_UPKEEP_EVERY_SECONDS: '1',
        SYNCVALUE_SHADOW_SHARE: '1',
        SYNCVALUE_ONNX_MAX_MIB: '1',
      },
    });
    client = await service.clientWith(SCOPES, 'brought');
    await client.ingest(log);
    await client.fitModel({ kind: ModelKind.BGNBD });
  });

  afterAll(() => service.stop());

  it('is stored with its declaration, its population and a back-test, in at most 4 KB', async () => {
    const { model, isNew } = await bring(rateGraph(), rateDeclaration(), {
      label: ModelLabel.CHALLENGER,
    });
    expect(isNew).toBe(true);
    expect(model).toMatchObject({
      modelVersion: 'v2',
      kind: ModelKind.ONNX,
      labels: [ModelLabel.CHALLENGER],
      spendKind: SpendModelKind.GAMMA_GAMMA,
      onnx: { declaration: rateDeclaration(), graphBytes: BigInt(bytes.length) },
      logLikelihood: undefined,
      isDropoutIdentified: undefined,
      warnings: ['training_end_unknown'],
    });
    expect(model?.onnx?.graphSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Number(model?.customerCount)).toBe(customerIds.length);
    expect(model?.artefactBytes).toBeLessThanOrEqual(4_096);
    expect(model?.backtest?.isOfRevenue).toBe(false);
    expect(model?.backtest?.actualPurchases).toBeGreaterThan(0);
    const { models } = await client.listModels();
    expect(models.map(({ kind }) => kind)).toEqual([ModelKind.ONNX, ModelKind.BGNBD]);
    const read = await client.getModel({ $case: 'label', value: ModelLabel.CHALLENGER });
    expect(read.model).toEqual(model);
  });

  it('is scored on the window that fitted models are scored on', async () => {
    const [brought, fitted] = await Promise.all(
      ['v2', 'v1'].map((value) => client.getModel({ $case: 'modelVersion', value })),
    );
    const { backtest } = fitted?.model ?? {};
    expect(brought?.model?.backtest).toMatchObject({
      calibrationEnd: backtest?.calibrationEnd,
      holdoutEnd: backtest?.holdoutEnd,
      actualPurchases: backtest?.actualPurchases,
      customerCount: backtest?.customerCount,
    });
    expect(brought?.model?.backtestBaseline?.metrics?.mae).toBe(
      fitted?.model?.backtestBaseline?.metrics?.mae,
    );
  });

  it('is the same when it is brought again, also at the same time', async () => {
    expect(await bring()).toMatchObject({ model: { modelVersion: 'v2' }, isNew: false });
    const other = rateDeclaration({ name: 'twice' });
    const answers = await Promise.all([bring(rateGraph(), other), bring(rateGraph(), other)]);
    expect(new Set(answers.map(({ model }) => model?.modelVersion)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    const { models } = await client.listModels();
    expect(models).toHaveLength(3);
    const [stored] = await service.db.database.query<{ graphs: bigint }>(
      `SELECT count(DISTINCT sha256) AS graphs FROM syncvalue.onnx_graphs`,
    );
    expect(stored?.graphs).toBe(1n);
  });

  describe('predicts', () => {
    const model = { $case: 'modelVersion', value: 'v2' } as const;
    const exactly = (prediction: Prediction | undefined, purchases: number): void => {
      expect(prediction?.expectedPurchases).toBeCloseTo(purchases, 4);
      const spend = Number(prediction?.expectedSpendMicros);
      const value = (prediction?.expectedPurchases ?? NaN) * spend * EVEN_DISCOUNT;
      expect(Math.abs(Number(prediction?.ltvMicros) / value - 1)).toBeLessThan(1e-6);
    };

    it('what its graph says, by statistics and by id, one, many and in a stream', async () => {
      const one = await client.predict(statistics(3, 100, 25), { model });
      expect(one.model).toMatchObject({ modelVersion: 'v2', kind: ModelKind.ONNX });
      exactly(one.prediction, ratePurchases(3, 100, HORIZON));
      const queries = customerIds.map(customerById);
      const { results } = await client.predictBatch(queries, { model });
      expect(results).toHaveLength(customerIds.length);
      for (const [i, { outcome }] of results.entries()) {
        const { customer } = await client.getCustomer(customerIds[i] ?? '');
        const { repeatPurchases = 0, ageDays = 0 } = customer ?? {};
        if (outcome?.$case !== 'prediction') throw new Error(JSON.stringify(outcome));
        exactly(outcome.value, ratePurchases(repeatPurchases, ageDays, HORIZON));
        if (i > 30) break;
      }
      const streamed = [];
      for await (const chunk of client.predictStream(queries, { model }, { chunkSize: 150 })) {
        streamed.push(...chunk.results);
      }
      expect(streamed).toEqual(results);
    });

    it('at the horizon, rate and margin asked for', async () => {
      const asked = { horizonDays: 90, annualDiscountRate: 0, margin: 0.25, model };
      const { prediction } = await client.predict(statistics(3, 100, 25), asked);
      const purchases = ratePurchases(3, 100, 90);
      expect(prediction?.expectedPurchases).toBeCloseTo(purchases, 5);
      const value =
        0.25 * (prediction?.expectedPurchases ?? NaN) * Number(prediction?.expectedSpendMicros);
      expect(Number(prediction?.ltvMicros)).toBeCloseTo(value, -1);
      const standard = await client.predict(statistics(3, 100, 25), { model });
      expect(prediction?.valueTier).toBe(standard.prediction?.valueTier);
    });

    it('no probability that it does not know, and somebody unknown as a new customer', async () => {
      const { prediction } = await client.predict(customerById('nobody'), { model });
      expect(prediction).toMatchObject({
        aliveProbability: undefined,
        activeProbability: undefined,
        fallbackReason: FallbackReason.COLD_START,
      });
      exactly(prediction, ratePurchases(0, 0, HORIZON));
      const spendless = await client.predict(statistics(2, 50), { model });
      expect(spendless.prediction?.fallbackReason).toBe(FallbackReason.POPULATION_SPEND);
    });

    it('each item of a batch with its own error', async () => {
      const bad = { subject: undefined, acquisition: undefined };
      const { results } = await client.predictBatch([statistics(1, 9), bad, statistics(2, 9)], {
        model,
      });
      const cases = results.map(({ outcome }) => outcome?.$case);
      expect(cases).toEqual(['prediction', 'error', 'prediction']);
      const [first, , third] = results.map(({ outcome }) =>
        outcome?.$case === 'prediction' ? outcome.value : undefined,
      );
      exactly(first, ratePurchases(1, 9, HORIZON));
      exactly(third, ratePurchases(2, 9, HORIZON));
    });

    it('and explains: the factors that there are multiply to the value, the shares sum to it', async () => {
      for (const query of [statistics(4, 200, 30), customerById(customerIds[0] ?? '')]) {
        const { explanation, prediction } = await client.explain(query, { margin: 0.5, model });
        const { factors, contributions = [], populationValue = NaN } = explanation ?? {};
        const { expectedPurchases = NaN, expectedSpend = NaN, value = NaN } = factors ?? {};
        expect(factors).toMatchObject({
          aliveProbability: undefined,
          expectedPurchasesIfAlive: undefined,
        });
        const { margin = NaN, discountFactor = NaN, expectedRevenue } = factors ?? {};
        expect(expectedRevenue).toBeCloseTo(expectedPurchases * expectedSpend, 9);
        const product = expectedPurchases * expectedSpend * margin * discountFactor;
        expect(Math.abs(product / value - 1)).toBeLessThan(1e-9);
        const sum = contributions.reduce(
          (all, { valueDelta }) => all + valueDelta,
          populationValue,
        );
        expect(Math.abs(sum / value - 1)).toBeLessThan(1e-9);
        expect(Number(prediction?.ltvMicros)).toBeCloseTo(value * 1e6, -1);
        // The graph does not look at recency; spend counts through the spend model.
        expect(contributions.map(({ feature }) => feature)).toContain('recency');
        expect(contributions.find(({ feature }) => feature === 'recency')?.valueDelta).toBe(0);
        expect(explanation?.sentence).toMatch(
          /^Worth \S+ USD within 365.25 days: \S+ purchases of /,
        );
      }
    });
  });

  it('in 64 bits is exact to the last digits', async () => {
    const declaration = rateDeclaration({ name: 'rate64', inputType: OnnxInputType.FLOAT64 });
    const { model } = await bring(rateGraph({ isDouble: true }), declaration);
    const asked = { model: { $case: 'modelVersion', value: model?.modelVersion ?? '' } } as const;
    const { prediction } = await client.predict(statistics(3, 100, 25), asked);
    expect(prediction?.expectedPurchases).toBeCloseTo(ratePurchases(3, 100, HORIZON), 13);
  });

  describe('that speaks of revenue within one horizon', () => {
    let asked: { model: { $case: 'modelVersion'; value: string } };

    beforeAll(async () => {
      const { model } = await bring(revenueGraph(90), revenueDeclaration(90));
      expect(model).toMatchObject({ spendKind: SpendModelKind.UNSPECIFIED, spendParameters: [] });
      expect(model?.backtest).toMatchObject({ isOfRevenue: true, horizonDays: 90 });
      expect(model?.backtest?.actualPurchases).toBeCloseTo(
        Number(model?.backtest?.actualSpendMicros) / 1e6,
        2,
      );
      asked = { model: { $case: 'modelVersion', value: model?.modelVersion ?? '' } };
    });

    it('predicts it for that horizon and refuses others by name', async () => {
      const { prediction } = await client.predict(statistics(3, 100, 25), asked);
      expect(prediction).toMatchObject({
        horizonDays: 90,
        expectedPurchases: undefined,
        expectedSpendMicros: undefined,
      });
      const years = (delta * 90) / 365.25;
      const value = ratePurchases(3, 100, 90) * 25 * (-Math.expm1(-years) / years);
      expect(Number(prediction?.ltvMicros) / 1e6).toBeCloseTo(value, 3);
      const other = client.predict(statistics(3, 100, 25), { ...asked, horizonDays: 30 });
      expect(await fieldsOf(other)).toEqual(['prediction_options_invalid', 'options.horizon_days']);
    });

    it('and explains it by revenue alone', async () => {
      const { explanation } = await client.explain(statistics(3, 100, 25), asked);
      const { factors, sentence } = explanation ?? {};
      expect(factors).toMatchObject({ expectedPurchases: undefined, expectedSpend: undefined });
      const { expectedRevenue = NaN, margin = NaN, discountFactor = NaN, value } = factors ?? {};
      expect(expectedRevenue * margin * discountFactor).toBeCloseTo(value ?? NaN, 9);
      expect(sentence).toMatch(/^Worth \S+ USD within 90 days; the average customer/);
    });
  });

  describe('is refused by name', () => {
    it.each([
      ['a declaration that contradicts itself', { trainedHorizonDays: 30 }, 'trained_horizon_days'],
      ['a feature twice', { features: [2, 2, 5] }, 'features[1]'],
      ['no feature', { features: [] }, 'features'],
      ['another currency', { currency: 'EUR' }, 'currency'],
      ['no name', { name: '' }, 'name'],
      ['an output without meaning', { outputMeaning: 0 }, 'output_meaning'],
    ])('%s', async (_what, more, field) => {
      const [code, ...fields] = await fieldsOf(bring(rateGraph(), rateDeclaration(more)));
      expect(code).toBe('onnx_declaration_invalid');
      expect(fields).toContain(`declaration.${field}`);
    });

    const then = rateGraphThen;
    it.each([
      ['an input of another name', rateGraph(), { inputName: 'x' }, 'input_name'],
      ['an output of another name', rateGraph(), { outputName: 'y' }, 'output_name'],
      ['another type', rateGraph(), { inputType: OnnxInputType.FLOAT64 }, 'input_type'],
      [
        'another width',
        rateGraph(),
        { features: [...rateDeclaration().features, OnnxFeature.RECENCY_DAYS] },
        'features',
      ],
      [
        'a fixed number of rows',
        { ...rateGraph(), inputs: { features: [1, 3] }, outputs: { purchases: [1, 1] } },
        {},
        'features',
      ],
      [
        'an output that is no number',
        then(
          [
            { op: 'Sub', inputs: ['before', 'far'], output: 'below' },
            { op: 'Sqrt', inputs: ['below'], output: 'purchases' },
          ],
          { far: { dims: [1], values: [1e9] } },
        ),
        {},
        'output_name',
      ],
      [
        'a negative output',
        then([{ op: 'Neg', inputs: ['before'], output: 'purchases' }]),
        {},
        'output_name',
      ],
      [
        'rows that depend on each other',
        then([
          {
            op: 'ReduceMax',
            inputs: ['before'],
            output: 'most',
            attributes: { axes: [0], keepdims: 1 },
          },
          { op: 'Div', inputs: ['before', 'most'], output: 'purchases' },
        ]),
        {},
        'output_name',
      ],
    ])('%s', async (_what, graph, more, field) => {
      const [code, ...fields] = await fieldsOf(bring(graph, rateDeclaration(more)));
      expect(code).toBe('onnx_graph_mismatch');
      expect(fields).toContain(`declaration.${field}`);
    });

    it('what is no graph, nothing at all, too much, and a stream without a declaration', async () => {
      const declaration = rateDeclaration({ name: 'bad' });
      const send = (graph: Uint8Array): Promise<unknown> => client.importModel(declaration, graph);
      expect(await codeOf(send(Buffer.from('no graph')))).toBe('onnx_graph_invalid');
      expect(await codeOf(send(new Uint8Array()))).toBe('onnx_graph_invalid');
      expect(await codeOf(send(new Uint8Array(1024 * 1024 + 1)))).toBe('onnx_graph_too_large');
      const nothing = undefined as unknown as typeof declaration;
      expect(await fieldsOf(client.importModel(nothing, bytes))).toEqual([
        ...['invalid_request', 'declaration'],
      ]);
    });

    it('a spend model for revenue, and the place of the champion without value:admin', async () => {
      const call = { spendKind: SpendModelKind.MEAN };
      const refused = bring(revenueGraph(90), revenueDeclaration(90), call);
      expect(await fieldsOf(refused)).toEqual(['onnx_declaration_invalid', 'spend_kind']);
      const writer = await service.clientWith(['value:write'], 'brought');
      const asChampion = { label: ModelLabel.CHAMPION };
      expect(await codeOf(writer.importModel(rateDeclaration(), bytes, asChampion))).toBe(
        'scope_missing',
      );
      const reader = await service.clientWith(['value:read'], 'brought');
      expect(await codeOf(reader.importModel(rateDeclaration(), bytes))).toBe('scope_missing');
    });

    it('and leaves nothing behind', async () => {
      const before = await client.listModels({ pageSize: 100 });
      expect(before.models.map(({ onnx }) => onnx?.declaration?.name)).not.toContain('bad');
    });
  });

  it('belongs to its tenant', async () => {
    const other = await service.clientWith(SCOPES, 'another');
    expect(await codeOf(other.importModel(rateDeclaration(), bytes))).toBe('no_transactions');
    await other.ingest(simulatedLog({ seed: 5, customers: 50, days: 200 }));
    await other.fitModel({ kind: ModelKind.BGNBD });
    const foreign = { $case: 'modelVersion', value: 'v2' } as const;
    expect(await codeOf(other.getModel(foreign))).toBe('model_not_found');
    const predicting = other.predict(statistics(1, 9), { model: foreign });
    expect(await codeOf(predicting)).toBe('model_not_found');
    expect(await codeOf(other.promoteModel({ modelVersion: 'v2' }))).toBe('model_not_found');
  });

  it('is served by every process', async () => {
    const again = await service.startAgain();
    try {
      const there = await service.clientWith(SCOPES, 'brought', again);
      const model = { $case: 'modelVersion', value: 'v2' } as const;
      const [ours, theirs] = await Promise.all(
        [client, there].map((each) => each.predict(statistics(3, 100, 25), { model })),
      );
      expect(theirs?.prediction).toEqual(ours?.prediction);
    } finally {
      await again.stop();
    }
  });

  describe('among others', () => {
    it('is compared off the answer path while it is challenger', async () => {
      await client.promoteModel({ modelVersion: 'v2', label: ModelLabel.CHALLENGER });
      const compared = await waitFor(async () => {
        await client.predictBatch(customerIds.slice(0, 50).map(customerById));
        return (await client.getShadowComparison()).comparison;
      }, WAIT);
      expect(compared).toMatchObject({ championVersion: 'v1', challengerVersion: 'v2' });
    });

    it('becomes champion through the gates, is listed, watched for drift, and gives its place back', async () => {
      const { gates } = await client.promoteModel({
        ...{ modelVersion: 'v2', isForced: true, reason: 'it is known exactly' },
      });
      expect(gates.map(({ gate }) => gate)).toEqual([
        ...['backtest', 'mae_ratio', 'bias', 'spend_bias', 'decile_mape', 'normalized_gini'],
      ]);
      const gini = gates.find(({ gate }) => gate === 'normalized_gini');
      expect(gini).toMatchObject({ isApplicable: true, bound: expect.any(Number) });
      const { customers } = await waitFor(async () => {
        const page = await client.listCustomers({ pageSize: 20 });
        return page.stamp?.modelVersion === 'v2' ? page : undefined;
      }, WAIT);
      const { results } = await client.predictBatch(
        customers.map(({ customerId }) => customerById(customerId)),
      );
      expect(
        customers.map(({ ltvMicros, expectedPurchases }) => [ltvMicros, expectedPurchases]),
      ).toEqual(
        results.map(({ outcome }) =>
          outcome?.$case === 'prediction'
            ? [outcome.value.ltvMicros, outcome.value.expectedPurchases]
            : [],
        ),
      );
      expect(customers.every(({ aliveProbability }) => aliveProbability === undefined)).toBe(true);
      const { drift } = await client.getDrift();
      expect(drift).toMatchObject({ modelVersion: 'v2' });
      expect(drift?.maxPsi).toBeLessThan(0.02);
      const { model } = await client.rollbackModel({ reason: 'test' });
      expect(model?.modelVersion).toBe('v1');
    });

    it('changes places with a fitted model under calls: none fails, each is of the model it names', async () => {
      let isOver = false;
      const failures: unknown[] = [];
      const seen = new Map<ModelKind, number>();
      const ask = async (): Promise<void> => {
        while (!isOver) {
          try {
            const { prediction, model } = await client.predict(statistics(3, 100, 25));
            const kind = model?.kind ?? 0;
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
            const isOnnx = kind === ModelKind.ONNX;
            if (isOnnx !== (prediction?.aliveProbability === undefined)) failures.push(model);
          } catch (error) {
            failures.push(error);
          }
        }
      };
      const callers = Array.from({ length: 4 }, ask);
      for (let i = 0; i < 3; i++) {
        await client.promoteModel({ modelVersion: 'v2', isForced: true, reason: 'hot swap' });
        await client.rollbackModel({ reason: 'hot swap' });
      }
      isOver = true;
      await Promise.all(callers);
      expect(failures).toEqual([]);
      expect(seen.get(ModelKind.ONNX)).toBeGreaterThan(0);
      expect(seen.get(ModelKind.BGNBD)).toBeGreaterThan(0);
    });
  });

  const noProc = existsSync('/proc/self/stat') ? undefined : 'no /proc to find the process in';

  itUnless(
    noProc,
    'whose process is killed under calls fails those at most; the next call is answered',
    async () => {
      const model = { $case: 'modelVersion', value: 'v2' } as const;
      const ask = () => client.predict(statistics(3, 100, 25), { model });
      const { prediction } = await ask();
      for (let round = 0; round < 3; round++) {
        const calls = Array.from({ length: 20 }, ask);
        const pids = graphProcesses();
        expect(pids).not.toEqual([]);
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        for (const settled of await Promise.allSettled(calls)) {
          if (settled.status === 'rejected') {
            expect(settled.reason).toMatchObject({ code: 'onnx_unavailable', kind: 'unavailable' });
          } else expect(settled.value.prediction).toEqual(prediction);
        }
        expect((await ask()).prediction).toEqual(prediction);
      }
      expect((await client.predict(statistics(3, 100, 25))).model?.kind).toBe(ModelKind.BGNBD);
    },
  );
});

/** Children of this process that run graphs, from /proc. */
function graphProcesses(): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
      const isGraph = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('graph-child');
      return isGraph && Number(parent) === process.pid ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
