/**
 * Goal: segments are forecast, back-tests judge intervals, every fitted kind answers quantiles, and the service chooses
 * what to fit. Method: the service on a real PostgreSQL, spoken to over gRPC; a simulated log.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  customerById,
  ModelKind,
  ValueTier,
  type AskedForecast,
  type BacktestReport,
  type ForecastReport,
  type Model,
  type Prediction,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { testSeed, waitFor } from '@kiki/testing';
import { codeOf, row, startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

describe('forecasts', () => {
  let service: TestService;
  let client: SyncValueClient;
  let model: Model;
  const ids = Array.from({ length: 600 }, (_, i) => `c${i}`);

  beforeAll(async () => {
    service = await startService({ environment: { SYNCVALUE_UPKEEP_EVERY_SECONDS: '1' } });
    client = await service.clientWith(['value:admin', 'value:write', 'value:read'], 'forecasts');
    await client.ingest(simulatedLog({ seed: testSeed(), customers: 600, days: 600 }));
    model = await client.fitModel({ kind: ModelKind.PARETONBD });
  });

  afterAll(() => service.stop());

  async function predictions(options: object): Promise<Map<string, Prediction>> {
    const { results } = await client.predictBatch(ids.map(customerById), options);
    const found = new Map<string, Prediction>();
    results.forEach(({ outcome }, i) => {
      if (outcome?.$case === 'prediction') found.set(ids[i] ?? '', outcome.value);
    });
    return found;
  }

  const at = (report: ForecastReport, segment: number, horizon = 0) =>
    report.segments[segment]?.totals[horizon];

  it('add up what is predicted of everybody, of tiers and of a list', async () => {
    const options = { horizonDays: 91, annualDiscountRate: 0.3, margin: 0.6 };
    const each = await predictions(options);
    const report = await client.forecast({
      ...{ horizonDays: [91, 182], annualDiscountRate: 0.3, margin: 0.6 },
      segments: [
        {},
        { name: 'best', valueTiers: [ValueTier.HIGH, ValueTier.TOP] },
        { name: 'two', customerIds: ['c7', 'c8', 'nobody'] },
      ],
    });
    expect(report).toMatchObject({
      currency: 'USD',
      model: { modelVersion: model.modelVersion, kind: ModelKind.PARETONBD },
      segments: [
        { name: '', customerCount: 600n, unknownCount: 0n },
        { name: 'best', unknownCount: 0n },
        { name: 'two', customerCount: 2n, unknownCount: 1n },
      ],
    });
    const members: ((id: string, prediction: Prediction) => boolean)[] = [
      () => true,
      (_id, { valueTier }) => valueTier >= ValueTier.HIGH,
      (id) => id === 'c7' || id === 'c8',
    ];
    members.forEach((belongs, s) => {
      const own = [...each].filter(([id, prediction]) => belongs(id, prediction));
      const purchases = own.reduce((sum, [, one]) => sum + (one.expectedPurchases ?? NaN), 0);
      const micros = own.reduce((sum, [, one]) => sum + Number(one.ltvMicros), 0);
      expect(report.segments[s]?.customerCount).toBe(BigInt(own.length));
      expect((at(report, s)?.expectedPurchases ?? NaN) / purchases).toBeCloseTo(1, 6);
      expect(Number(at(report, s)?.expectedLtvMicros) / micros).toBeCloseTo(1, 5);
      expect(at(report, s, 1)?.expectedPurchases).toBeGreaterThan(purchases);
    });
  });

  it('answer quantiles around the expectation, and where the uncertainty comes from', async () => {
    const total = at(await client.forecast(), 0);
    expect(total?.horizonDays).toBe(365.25);
    expect(total?.quantiles.map(({ quantile }) => quantile)).toEqual([0.05, 0.5, 0.95]);
    const [low, , high] = total?.quantiles ?? [];
    expect(low?.purchases).toBeLessThan(total?.expectedPurchases ?? NaN);
    expect(high?.purchases).toBeGreaterThan(total?.expectedPurchases ?? NaN);
    expect(low?.ltvMicros).toBeLessThan(total?.expectedLtvMicros ?? 0n);
    expect(high?.ltvMicros).toBeGreaterThan(total?.expectedLtvMicros ?? 0n);
    // A published model knows no shock; spends have parameters of their own.
    const { purchasesUncertainty: purchases, ltvUncertainty: ltv } = total ?? {};
    expect(purchases?.shock).toBe(0);
    expect(purchases?.process).toBeGreaterThan(0);
    expect(ltv?.parameters).toBeGreaterThan(purchases?.parameters ?? NaN);
  });

  it('tell RFM cells apart as ListCustomers does', async () => {
    const { customers } = await waitFor(async () => {
      const page = await client.listCustomers({ pageSize: 1_000 }).catch(() => undefined);
      return page?.customers.length === 600 ? page : undefined;
    });
    const scores = [1, 2, 3, 4, 5];
    const segments = scores.map((score) => ({ recencyScores: [score], monetaryScores: [5, 4] }));
    const report = await client.forecast({ segments });
    scores.forEach((score, s) => {
      const own = customers.filter(
        ({ rfm }) => rfm?.recency === score && (rfm.monetary === 4 || rfm.monetary === 5),
      );
      expect(report.segments[s]?.customerCount).toBe(BigInt(own.length));
    });
  });

  it('see nothing of what came after their day, and keep tenants apart', async () => {
    const asOf = new Date('2024-01-01T12:00:00Z');
    const before = await client.forecast({ asOf });
    expect(before.segments[0]?.customerCount).toBeLessThan(600n);
    await client.ingest([row('later', '2024-08-30', 10)]);
    expect((await client.forecast({ asOf })).segments).toEqual(before.segments);
    const other = await service.clientWith(['value:read'], 'elsewhere');
    expect(await codeOf(other.forecast())).toBe('model_missing');
    const stranger = await service.clientWith(['engage:read'], 'forecasts');
    expect(await codeOf(stranger.forecast())).toBe('scope_missing');
  });

  it('name the field at fault', async () => {
    const bad: [AskedForecast, string][] = [
      [{ segments: [{ recencyScores: [6] }] }, 'forecast_invalid'],
      [{ segments: [{ customerIds: [''] }] }, 'forecast_invalid'],
      [{ segments: Array.from({ length: 33 }, () => ({})) }, 'forecast_invalid'],
      [{ horizonDays: Array.from({ length: 13 }, () => 9) }, 'forecast_invalid'],
      [{ horizonDays: [0] }, 'prediction_options_invalid'],
      [{ quantiles: [1] }, 'prediction_options_invalid'],
      [{ margin: 2 }, 'prediction_options_invalid'],
    ];
    for (const [asked, code] of bad) expect(await codeOf(client.forecast(asked))).toBe(code);
    const error = await client
      .forecast({ horizonDays: [30, -1] })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ details: { fields: [{ field: 'horizon_days' }] } });
  });

  it('report progress, and give their slot back to whoever comes after one that left', async () => {
    const leave = new AbortController();
    const stages = new Set<string>();
    const work = client.forecast(
      {},
      {
        signal: leave.signal,
        onProgress: ({ stage }) => {
          stages.add(stage);
          if (stage === 'segments') leave.abort();
        },
      },
    );
    expect(await codeOf(work)).toBe('cancelled');
    expect(stages).toContain('reading');
    expect(await codeOf(client.forecast({}, { deadlineMs: 1 }))).toBe('deadline_exceeded');
    expect((await client.forecast()).segments).toHaveLength(1);
  });
});

describe('what is fitted', () => {
  let service: TestService;
  let client: SyncValueClient;

  beforeAll(async () => {
    service = await startService();
    client = await service.clientWith(['value:admin', 'value:write', 'value:read'], 'chosen');
    await client.ingest(simulatedLog({ seed: testSeed(), customers: 700, days: 600 }));
  });

  afterAll(() => service.stop());

  it('is the ensemble where the log has enough for it, and what it is is told', async () => {
    const model = await client.fitModel();
    expect(model.kind).toBe(ModelKind.ENSEMBLE);
    expect(model.artefactBytes).toBeLessThanOrEqual(4_096);
    const names = model.spendParameters.map(({ name }) => name);
    expect(names).toEqual(['p', 'q', 'v']);
    const covariance = model.spendLogCovariance;
    expect(covariance).toHaveLength(9);
    model.spendParameters.forEach(({ value, standardError = NaN }, i) => {
      expect(Math.sqrt(covariance[4 * i] ?? NaN) / (standardError / value)).toBeCloseTo(1, 4);
    });
    expect(covariance[1]).toBe(covariance[3]);
    const [total] = (await client.forecast({ horizonDays: [91] })).segments[0]?.totals ?? [];
    expect(total?.purchasesUncertainty?.shock).toBeGreaterThan(0);
    expect(total?.ltvUncertainty?.shock).toBeGreaterThan(total?.purchasesUncertainty?.shock ?? NaN);
  });

  it('is the likeliest model where it has not', async () => {
    const small = await service.clientWith(['value:write', 'value:read'], 'small');
    await small.ingest(simulatedLog({ seed: testSeed(), customers: 120, days: 400 }));
    const [chosen, auto] = [await small.fitModel(), await small.fitModel({ kind: ModelKind.AUTO })];
    expect(chosen.kind).toBe(auto.kind);
    expect(chosen.parameters).toEqual(auto.parameters);
  });

  it('is back-tested with its intervals, window by window', async () => {
    const ask = async (kind: ModelKind): Promise<[BacktestReport, readonly ModelKind[]]> => {
      let kinds: readonly ModelKind[] = [];
      const asked = { kind, originCount: 2, horizonDays: 91 };
      const report = await client.backtest(asked, { onKinds: (told) => (kinds = told) });
      return [report, kinds];
    };
    for (const kind of [ModelKind.BGNBD, ModelKind.ENSEMBLE]) {
      const [{ windows }, kinds] = await ask(kind);
      expect(kinds).toEqual([kind, kind]);
      const [first, second] = windows.map(({ metrics }) => metrics);
      expect(first?.scorePsi).toBeUndefined();
      expect(second?.scorePsi).toBeGreaterThan(0);
      for (const metrics of [first, second]) {
        const { intervals } = metrics ?? {};
        expect(intervals?.coverage.map(({ level }) => level)).toEqual([0.5, 0.8, 0.9, 0.95]);
        expect(intervals?.coverage[2]?.covered).toBeGreaterThan(0.8);
        expect(intervals?.medianMae).toBeLessThan(metrics?.mae ?? NaN);
        expect(intervals?.totalPurchases?.actual).toBe(metrics?.actualPurchases);
        const spent = Number(metrics?.actualSpendMicros) / 1e6;
        expect(intervals?.totalSpend?.actual).toBeCloseTo(spent, 3);
      }
      expect(windows[0]?.baselines[0]?.metrics?.intervals).toBeUndefined();
    }
    expect((await ask(ModelKind.UNSPECIFIED))[1]).toHaveLength(2);
  });
});
