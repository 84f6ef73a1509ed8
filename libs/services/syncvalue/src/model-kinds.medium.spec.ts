/**
 * Goal: every purchase model that the engine fits is served: fitted, stored, back-tested, predicted with and explained;
 * AUTO is the likeliest of them. Method: the service on a real PostgreSQL, spoken to over gRPC; a simulated log.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { customerById, ModelKind, type SyncValueClient } from '@kiki/contract-syncvalue';
import { testSeed } from '@kiki/testing';
import { startService, type TestService } from './service.fixture.js';
import { simulatedLog } from './simulated-log.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(180_000);

const NAMES = {
  [ModelKind.NBD]: ['r', 'alpha'],
  [ModelKind.BGNBD]: ['r', 'alpha', 'a', 'b'],
  [ModelKind.MBGNBD]: ['r', 'alpha', 'a', 'b'],
  [ModelKind.PARETONBD]: ['r', 'alpha', 's', 'beta'],
};
const KINDS = [ModelKind.NBD, ModelKind.BGNBD, ModelKind.MBGNBD, ModelKind.PARETONBD] as const;

describe('kinds of purchase models', () => {
  let service: TestService;
  let client: SyncValueClient;
  const likelihoods: number[] = [];

  beforeAll(async () => {
    service = await startService();
    client = await service.clientWith(['value:admin', 'value:write', 'value:read'], 'kinds');
    await client.ingest(simulatedLog({ seed: testSeed(), customers: 600, days: 600 }));
  });

  afterAll(() => service.stop());

  it.each(KINDS.map((kind) => [ModelKind[kind], kind] as const))(
    'serves %s',
    async (_name, kind) => {
      const model = await client.fitModel({ kind });
      expect(model.kind).toBe(kind);
      expect(model.isDropoutIdentified).toBe(kind !== ModelKind.NBD);
      expect(model.parameters.map(({ name }) => name)).toEqual(NAMES[kind]);
      expect(model.artefactBytes).toBeLessThanOrEqual(4_096);
      likelihoods.push(model.logLikelihood ?? NaN);

      const { windows } = await client.backtest({ kind });
      expect(windows[0]?.metrics?.mae).toBeGreaterThan(0);
      const version = { $case: 'modelVersion', value: model.modelVersion } as const;
      const { prediction, explanation } = await client.explain(customerById('c7'), {
        model: version,
      });
      expect(prediction?.expectedPurchases).toBeGreaterThan(0);
      expect(explanation).toBeDefined();
    },
  );

  it('AUTO is the likeliest', async () => {
    const model = await client.fitModel({ kind: ModelKind.AUTO });
    expect(likelihoods).toHaveLength(KINDS.length);
    expect(model.logLikelihood).toBe(Math.max(...likelihoods));
    expect(await client.backtest({ kind: ModelKind.AUTO })).toMatchObject({ windows: [{}] });
  });
});
