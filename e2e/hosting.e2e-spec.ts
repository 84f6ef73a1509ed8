/**
 * Goal: the five services run as processes of their own, started in any order over one home, and one of them can
 * die. Method: start them shuffled on an empty home behind a free port base, ask each what an operator would ask,
 * kill one with -9, start it again, stop all. The seed of the order is in the title.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SeededRandom } from '@kiki/kernel';
import { removeHome, testSeed, waitFor } from '@kiki/testing';
import { freePortBase } from './free-port-base.ts';
import { grpcHealth } from './grpc-health.ts';
import { ServiceProcess } from './service-process.ts';

/** Place of the HTTP port behind the base; SyncValue's gRPC port is the base itself. */
const HTTP_PLACES: Readonly<Record<string, number>> = {
  syncshield: 1,
  syncflow: 2,
  syncengage: 3,
  synccreate: 4,
  syncvalue: 5,
};
const seed = testSeed();
const random = new SeededRandom(seed);
const home = mkdtempSync(path.join(tmpdir(), 'kiki-e2e-'));
let base: number;
let processes: ServiceProcess[];

/** Fisher–Yates with a seed. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.nextUint32() % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

const urlOf = (name: string, route: string): string =>
  `http://127.0.0.1:${base + HTTP_PLACES[name]!}${route}`;

async function readyOf(name: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(urlOf(name, '/ready'));
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

beforeAll(async () => {
  base = await freePortBase();
  const environment = { KIKI_HOME: home, LOG_LEVEL: 'warn' };
  const args = ['--port-base', String(base)];
  processes = shuffled(Object.keys(HTTP_PLACES)).map(
    (name) => new ServiceProcess(name, environment, args),
  );
  for (const one of processes) one.start();
  await Promise.all(processes.map((one) => one.ready()));
}, 120_000);

afterAll(async () => {
  await Promise.all(processes.map((one) => one.end('SIGKILL')));
  removeHome(home);
});

describe(`five processes over one home (KIKI_TEST_SEED=${seed})`, () => {
  it('make one first key between them', () => {
    expect(processes.filter(({ firstKey }) => firstKey !== undefined)).toHaveLength(1);
  });

  it.each(Object.keys(HTTP_PLACES))(
    '%s is alive and ready, with metrics of its own',
    async (name) => {
      const health = await fetch(urlOf(name, '/health'));
      expect(await health.json()).toMatchObject({ status: 'ok', service: name });
      expect(await readyOf(name)).toMatchObject({
        status: 200,
        body: { service: name, profile: 'laptop', checks: { database: { mode: 'embedded' } } },
      });
      const page = await (await fetch(urlOf(name, '/metrics'))).text();
      const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(series.length).toBeGreaterThanOrEqual(20);
      expect(series.filter((line) => !line.startsWith(`kiki_${name}_`))).toEqual([]);
    },
  );

  it('SyncValue answers grpc.health.v1', async () => {
    const target = `127.0.0.1:${base}`;
    expect(await grpcHealth(target)).toBe('SERVING');
    expect(await grpcHealth(target, 'kiki.syncvalue.v1.SyncValueService')).toBe('SERVING');
  });

  it('one is killed: the others stay ready, and it comes back without a new first key', async () => {
    const victim = processes[random.nextUint32() % processes.length]!;
    expect(await victim.end('SIGKILL')).toBe('SIGKILL');
    for (const { name } of processes.filter((one) => one !== victim)) {
      expect((await readyOf(name)).status).toBe(200);
    }
    victim.start();
    await victim.ready();
    await waitFor(async () => (await readyOf(victim.name)).status === 200);
    expect(victim.firstKey).toBeUndefined();
  }, 60_000);

  it('a second one on the same port explains itself and exits 1', async () => {
    const second = new ServiceProcess('syncshield', { KIKI_HOME: home, LOG_LEVEL: 'silent' }, [
      '--port-base',
      String(base),
    ]);
    second.start();
    await expect(second.ready()).rejects.toThrow('port_in_use');
    expect(second.log).toContain('What to do: ');
    expect(second.log).not.toMatch(/^\s+at /m);
    expect(await second.end('SIGKILL')).toBe(1);
    expect((await readyOf('syncshield')).status).toBe(200);
  }, 30_000);

  it('all stop with code 0 at one signal or two', async () => {
    const ends = await Promise.all(processes.map((one, i) => one.end('SIGINT', 1 + (i % 2))));
    expect(ends).toEqual([0, 0, 0, 0, 0]);
  }, 60_000);
});
