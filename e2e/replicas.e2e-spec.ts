/**
 * Goal: two SyncValue processes over one store are one service: a client that resolves both addresses of a name calls
 * both, and a model that one promotes is the next answer of the other. Method: two processes on two addresses of the
 * loopback with the same port, a name whose addresses the spec decides, counts from each one's metrics.
 */
import dns from 'node:dns';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { customerById, ModelKind, SyncValueClient } from '@kiki/contract-syncvalue';
import { freePort, removeHome, waitFor } from '@kiki/testing';
import { ServiceProcess } from './service-process.ts';

const HOSTS = ['127.0.0.1', '127.0.0.2'];
const home = mkdtempSync(path.join(tmpdir(), 'kiki-e2e-'));
let replicas: ServiceProcess[];
let httpPort: number;
let clients: SyncValueClient[];
let balanced: SyncValueClient;

beforeAll(async () => {
  const grpcPort = await freePort();
  httpPort = await freePort();
  replicas = HOSTS.map((host) => {
    const ports = {
      SYNCVALUE_GRPC_PORT: String(grpcPort),
      SYNCVALUE_HTTP_PORT: String(httpPort),
    };
    const open = { METRICS_PUBLIC: 'true', LOG_LEVEL: 'warn' };
    return new ServiceProcess('syncvalue', {
      KIKI_HOME: home,
      KIKI_BIND_HOST: host,
      ...ports,
      ...open,
    });
  });
  for (const replica of replicas) {
    replica.start();
    await replica.ready();
  }
  const key = replicas.map(({ firstKey }) => firstKey).find((known) => known !== undefined);
  const headers = (): Record<string, string> => ({ authorization: `Bearer ${key ?? ''}` });
  const connect = (host: string): SyncValueClient =>
    new SyncValueClient({ target: `dns:///${host}:${grpcPort}`, headers });
  jest.spyOn(dns.promises, 'lookup').mockImplementation((async (name: string) =>
    (name === 'syncvalue.test' ? HOSTS : [name]).map((address) => ({
      address,
      family: 4,
    }))) as unknown as typeof dns.promises.lookup);
  balanced = connect('syncvalue.test');
  clients = HOSTS.map(connect);
}, 240_000);

afterAll(async () => {
  jest.restoreAllMocks();
  for (const client of [balanced, ...(clients ?? [])]) client?.close();
  for (const replica of replicas ?? []) await replica.end('SIGTERM');
  removeHome(home);
}, 60_000);

async function answered(host: string): Promise<number> {
  const page = await (await fetch(`http://${host}:${httpPort}/metrics`)).text();
  return Number(
    /grpc_call_duration_seconds_count\{method="ListModels",code="OK"\} (\d+)/.exec(page)?.[1] ?? 0,
  );
}

const counts = (): Promise<number[]> => Promise.all(HOSTS.map(answered));

it('split the calls of one client', async () => {
  await waitFor(
    async () => {
      await balanced.listModels();
      return (await counts()).every((count) => count > 0);
    },
    { what: 'both replicas to be connected' },
  );
  const before = await counts();
  for (let i = 0; i < 100; i++) await balanced.listModels();
  const after = await counts();
  expect(after.map((count, i) => count - before[i]!)).toEqual([50, 50]);
}, 60_000);

it('answer by the model that the other has just promoted', async () => {
  const [first, second] = clients;
  const customers = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const rows = customers.flatMap((customerId, i) =>
    Array.from({ length: 1 + (i % 5) }, (_, k) => ({
      transactionId: `${customerId}/${k}`,
      customerId,
      occurredAt: new Date(Date.UTC(2025, i % 6, 1 + i + 13 * k)),
      amountMicros: BigInt(10_000_000 + 1_000_000 * k),
      currency: 'USD',
      kind: 0,
      acquisition: undefined,
    })),
  );
  await first!.ingest(rows);
  const versions: string[] = [];
  const fit = { kind: ModelKind.BGNBD };
  for (let i = 0; i < 2; i++) versions.push((await first!.fitModel(fit)).modelVersion);
  const query = customerById('c7');
  for (let i = 0; i < 20; i++) {
    const modelVersion = versions[i % 2]!;
    const [promoter, other] = i % 4 < 2 ? [first, second] : [second, first];
    await promoter!.promoteModel({ modelVersion, isForced: true, reason: 'test' });
    const { model } = await other!.predict(query);
    expect(model?.modelVersion).toBe(modelVersion);
  }
}, 60_000);
