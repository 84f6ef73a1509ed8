/**
 * Goal: the ensemble is fitted, stored, back-tested, made champion, predicted with, explained and refreshed like any other
 * kind, and sees only what came before its calibration. Method: the service on a real PostgreSQL, spoken to over gRPC; a
 * simulated log.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  customerById,
  ModelKind,
  ModelLabel,
  type Model,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { testSeed } from '@kiki/testing';
import { row, startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

describe('the ensemble', () => {
  let service: TestService;
  let client: SyncValueClient;
  let model: Model;

  beforeAll(async () => {
    service = await startService();
    client = await service.clientWith(['value:admin', 'value:write', 'value:read'], 'ensemble');
    await client.ingest(simulatedLog({ seed: testSeed(), customers: 500, days: 600 }));
    model = await client.fitModel({ kind: ModelKind.ENSEMBLE, label: ModelLabel.CHAMPION });
  });

  afterAll(() => service.stop());

  it('is stored below 4 KB and is champion', () => {
    expect(model.kind).toBe(ModelKind.ENSEMBLE);
    expect(model.artefactBytes).toBeLessThanOrEqual(4_096);
    expect(model.labels).toContain(ModelLabel.CHAMPION);
  });

  it('predicts and explains: the factors multiply to the value, the shares sum to it', async () => {
    const answer = await client.predict(customerById('c7'));
    expect(answer.model?.kind).toBe(ModelKind.ENSEMBLE);
    const { prediction, explanation } = await client.explain(customerById('c7'));
    expect(prediction).toEqual(answer.prediction);
    const factors = explanation?.factors;
    const product =
      (factors?.aliveProbability ?? NaN) *
      (factors?.expectedPurchasesIfAlive ?? NaN) *
      (factors?.expectedSpend ?? NaN) *
      (factors?.margin ?? NaN) *
      (factors?.discountFactor ?? NaN);
    expect(product / (factors?.value ?? NaN)).toBeCloseTo(1, 9);
    const shares =
      explanation?.contributions.reduce((sum, part) => sum + part.valueDelta, 0) ?? NaN;
    expect((explanation?.populationValue ?? NaN) + shares).toBeCloseTo(factors?.value ?? NaN, 6);
  });

  it('answers with quantiles of purchases and money, as other kinds do', async () => {
    const options = { quantiles: [0.5, 0.05, 0.95] };
    const { prediction } = await client.predict(customerById('c7'), options);
    const points = prediction?.quantiles ?? [];
    expect(points.map(({ quantile }) => quantile)).toEqual(options.quantiles);
    const [middle, low, high] = points;
    expect(low?.purchases).toBeLessThanOrEqual(middle?.purchases ?? NaN);
    expect(middle?.purchases).toBeLessThanOrEqual(high?.purchases ?? NaN);
    expect(high?.ltvMicros).toBeGreaterThan(prediction?.ltvMicros ?? 0n);
    expect(low?.ltvMicros).toBeLessThan(prediction?.ltvMicros ?? 0n);
    const plain = await client.fitModel({ kind: ModelKind.BGNBD });
    const version = { $case: 'modelVersion', value: plain.modelVersion } as const;
    const other = await client.predict(customerById('c7'), { ...options, model: version });
    const others = other.prediction?.quantiles ?? [];
    expect(others.map(({ quantile }) => quantile)).toEqual(options.quantiles);
    expect(others[2]?.purchases).toBeGreaterThanOrEqual(others[1]?.purchases ?? NaN);
  });

  it('is scored on windows beside the naive rate', async () => {
    const { windows } = await client.backtest({ kind: ModelKind.ENSEMBLE });
    expect(windows[0]?.metrics?.mae).toBeGreaterThan(0);
    expect(windows[0]?.metrics?.normalizedGini).toBeGreaterThan(0);
  });

  it('gives the same bits whatever came after its calibration', async () => {
    const calibrationEnd = model.calibrationEnd;
    const before = await client.fitModel({ kind: ModelKind.ENSEMBLE, calibrationEnd });
    const later = (days: number): string =>
      new Date((calibrationEnd?.getTime() ?? 0) + days * 86_400_000).toISOString();
    await client.ingest([
      row('c7', later(20), 30),
      row('c8', later(25), 20),
      row('new', later(30), 9),
    ]);
    const after = await client.fitModel({ kind: ModelKind.ENSEMBLE, calibrationEnd });
    expect(after.dataSha256).toBe(before.dataSha256);
    const asOf = calibrationEnd;
    const predictions = await Promise.all(
      [before, after].map(async ({ modelVersion }) => {
        const version = { $case: 'modelVersion', value: modelVersion } as const;
        return (await client.predict(customerById('c9'), { model: version, asOf })).prediction;
      }),
    );
    expect(predictions[1]).toEqual(predictions[0]);
  });
});
